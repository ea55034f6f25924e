//! Which errors are asked for, by a query or a form.

use std::collections::BTreeMap;

use model::Side;
use serde::Deserialize;
use store::{ErrorFilter, ErrorPlace};

use crate::layout::escaped;

/// Which errors are asked for.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Only of this kind of trouble.
    pub category: Option<String>,
    /// Only with this code of the platform.
    pub code: Option<String>,
    /// Only of records of this side: `hubspot` or `salesforce`.
    #[param(value_type = Option<String>)]
    pub side: Option<Side>,
    /// Only of records of this object.
    pub object: Option<String>,
    /// Only about this field of the object; empty for the whole record.
    pub field: Option<String>,
    /// Only of this record.
    pub record: Option<String>,
    /// The place of the last error of the page before.
    pub after: Option<String>,
    /// Where a form leads back to.
    #[param(ignore)]
    pub back: Option<String>,
}

impl Asked {
    fn parts(&self) -> BTreeMap<&'static str, String> {
        let texts = [
            ("category", &self.category),
            ("code", &self.code),
            ("object", &self.object),
            ("field", &self.field),
            ("record", &self.record),
        ];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name, text.clone()?)));
        texts.chain(self.side.map(|side| ("side", side.as_str().to_owned()))).collect()
    }

    /// As the store takes it. A field is only asked for together with its object: an empty one is the whole record.
    #[must_use]
    pub fn filter(&self) -> ErrorFilter {
        let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let object = some(&self.object);
        ErrorFilter {
            category: some(&self.category),
            code: some(&self.code),
            side: self.side,
            field: self.field.clone().filter(|field| !field.is_empty() || object.is_some()),
            object,
            record: some(&self.record),
        }
    }

    /// Whether only some are asked for.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.parts().values().any(|text| !text.is_empty())
    }

    /// As a query.
    #[must_use]
    pub fn query(&self) -> String {
        let parts: Vec<String> =
            self.parts().iter().map(|(name, text)| format!("{name}={}", escaped(text))).collect();
        parts.join("&")
    }

    /// As hidden fields of a form.
    #[must_use]
    pub fn hidden(&self) -> Vec<(&'static str, String)> {
        self.parts().into_iter().collect()
    }
}

/// A place in a query: `side/object/record/field`, each part escaped.
#[must_use]
pub fn place_text(place: &ErrorPlace) -> String {
    let part = |text: &str| escaped(text).replace('/', "%2F");
    [place.side.as_str(), &place.object, &place.record, &place.field].map(part).join("/")
}

/// The place that a query names.
#[must_use]
pub fn place_of(text: &str) -> Option<ErrorPlace> {
    let mut parts = text.split('/').map(unescaped);
    let side = match parts.next()?.as_str() {
        "hubspot" => Side::HubSpot,
        "salesforce" => Side::Salesforce,
        _ => return None,
    };
    Some(ErrorPlace { side, object: parts.next()?, record: parts.next()?, field: parts.next()? })
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        match byte {
            b'%' => {
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                let code = high.zip(low).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
                bytes.extend(code);
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_from_its_text() {
        let place = ErrorPlace {
            side: Side::Salesforce,
            object: "My Object__c".into(),
            record: "1/2 ü%".into(),
            field: String::new(),
        };
        assert_eq!(place_of(&place_text(&place)), Some(place));
        assert_eq!(place_of("elsewhere/a/b/c"), None);
        assert_eq!(place_of("hubspot/contacts"), None);
    }

    #[test]
    fn an_empty_field_is_the_whole_record_only_where_an_object_is_named() {
        let asked = |object: &str| Asked {
            object: Some(object.into()),
            field: Some(String::new()),
            ..Asked::default()
        };
        assert_eq!(asked("contacts").filter().field, Some(String::new()));
        assert_eq!(asked("").filter().field, None);
    }
}
