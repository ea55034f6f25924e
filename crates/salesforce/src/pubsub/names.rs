//! From the bits in an event's header to the names of fields.

/// A field of an event: its name, and the names of its parts where it is made of parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldNames {
    pub name: String,
    /// In the order of the schema; as the other APIs call them.
    pub parts: Vec<String>,
    /// Whether it can also be a plain text, as the name of an account is.
    pub plain: bool,
}

/// What the other APIs call a part of a compound field.
pub(crate) fn part_name(whole: &str, part: &str) -> String {
    if let Some(kind) = whole.strip_suffix("Address") {
        return format!("{kind}{part}");
    }
    if whole == "Name" {
        return part.to_owned();
    }
    match whole.strip_suffix("__c") {
        Some(own) => format!("{own}__{part}__s"),
        None => format!("{whole}.{part}"),
    }
}

/// The fields that a set in the header names, each once, in the order of the schema.
pub(crate) fn fields_of(set: &[String], fields: &[FieldNames]) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    };
    for text in set {
        let (at, hex) = match text.split_once('-') {
            Some((at, hex)) => (Some(at), hex),
            None => (None, text.as_str()),
        };
        let Some(hex) = hex.strip_prefix("0x") else {
            // Some channels spell the names out.
            add(text);
            continue;
        };
        let bits = bits_of(hex).ok_or_else(|| format!("{text} is not a set of fields"))?;
        let unknown = || format!("{text} names fields that the schema does not have");
        match at {
            None => {
                for bit in bits {
                    let field = fields.get(bit).ok_or_else(unknown)?;
                    if field.parts.is_empty() || field.plain {
                        add(&field.name);
                    } else {
                        // The whole field was emptied.
                        field.parts.iter().for_each(|part| add(part));
                    }
                }
            }
            Some(at) => {
                let field = at.parse::<usize>().ok().and_then(|at| fields.get(at)).ok_or_else(unknown)?;
                for bit in bits {
                    add(field.parts.get(bit).ok_or_else(unknown)?);
                }
            }
        }
    }
    Ok(names)
}

/// The bits that are set, lowest first; the text has the highest first.
fn bits_of(hex: &str) -> Option<Vec<usize>> {
    let mut bits = Vec::new();
    for (place, digit) in hex.chars().rev().enumerate() {
        let digit = digit.to_digit(16)?;
        bits.extend((0..4).filter(|bit| digit >> bit & 1 == 1).map(|bit| place * 4 + bit));
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, parts: &[&str]) -> FieldNames {
        let parts = parts.iter().map(|part| part_name(name, part)).collect();
        FieldNames { name: name.to_owned(), parts, plain: false }
    }

    #[test]
    fn sets_name_their_fields() {
        assert_eq!(bits_of("08F81000").unwrap(), [12, 19, 20, 21, 22, 23, 27]);
        assert_eq!(bits_of("400800").unwrap(), [11, 22]);
        let fields = [
            field("ChangeEventHeader", &[]),
            field("Name", &["Salutation", "FirstName", "LastName"]),
            field("MailingAddress", &["Street", "City"]),
            field("Email", &[]),
            field("Site__c", &["Latitude", "Longitude"]),
        ];
        let names = |set: &[&str]| {
            let set: Vec<String> = set.iter().map(|text| (*text).to_owned()).collect();
            fields_of(&set, &fields)
        };
        assert_eq!(
            names(&["0x08", "1-0x06", "2-0x02"]).unwrap(),
            ["Email", "FirstName", "LastName", "MailingCity"]
        );
        assert_eq!(names(&["0x04"]).unwrap(), ["MailingStreet", "MailingCity"]);
        assert_eq!(names(&["4-0x02"]).unwrap(), ["Site__Longitude__s"]);
        assert_eq!(names(&[]).unwrap(), [""; 0]);
        assert_eq!(names(&["Email"]).unwrap(), ["Email"]);
        for wrong in ["0xFF", "9-0x01", "1-0x10", "0xZZ", "x-0x01"] {
            assert!(names(&[wrong]).is_err(), "{wrong}");
        }
    }
}
