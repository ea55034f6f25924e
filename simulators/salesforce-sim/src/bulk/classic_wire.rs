//! Bulk API 1.0 on the wire: job and batch information, results, records, errors, each in XML, JSON or CSV.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::classic_data::Content;
use super::csv::{self, Dialect};
use super::rows::Outcome;
use super::sheet::Column;
use crate::soql::FieldKind;
use crate::xml::{XSI, Xml, plain};

pub(super) const NAMESPACE: &str = "http://www.force.com/2009/06/asyncapi/dataload";

/// Information about a job or a batch.
pub(super) fn info(root: &str, info: &Map<String, Value>, as_json: bool) -> Vec<u8> {
    if as_json {
        return Value::Object(info.clone()).to_string().into_bytes();
    }
    let mut xml = Xml::new();
    xml.open(root, &[("xmlns", NAMESPACE)]);
    fill(&mut xml, info);
    xml.close(root);
    xml.finish()
}

fn fill(xml: &mut Xml, info: &Map<String, Value>) {
    for (name, value) in info.iter().filter(|(_, value)| !value.is_null()) {
        match value {
            // A version is `66.0`, never `66`.
            Value::Number(number) if name == "apiVersion" => {
                xml.leaf(name, &format!("{:.1}", number.as_f64().unwrap_or(0.0)));
            }
            value => xml.leaf(name, &plain(value)),
        }
    }
}

/// Information about all batches of a job.
pub(super) fn batches(infos: Vec<Map<String, Value>>, as_json: bool) -> Vec<u8> {
    if as_json {
        let infos: Vec<Value> = infos.into_iter().map(Value::Object).collect();
        return json!({"batchInfo": infos}).to_string().into_bytes();
    }
    let mut xml = Xml::new();
    if infos.is_empty() {
        xml.empty("batchInfoList", &[("xmlns", NAMESPACE)]);
        return xml.finish();
    }
    xml.open("batchInfoList", &[("xmlns", NAMESPACE)]);
    for info in &infos {
        xml.open("batchInfo", &[]);
        fill(&mut xml, info);
        xml.close("batchInfo");
    }
    xml.close("batchInfoList");
    xml.finish()
}

/// An error.
pub(super) fn error(code: &str, message: &str, as_json: bool) -> Vec<u8> {
    if as_json {
        return json!({"exceptionCode": code, "exceptionMessage": message}).to_string().into_bytes();
    }
    let mut xml = Xml::new();
    xml.open("error", &[("xmlns", NAMESPACE)]);
    xml.leaf("exceptionCode", code);
    xml.leaf("exceptionMessage", message);
    xml.close("error");
    xml.finish()
}

/// What became of the rows of a batch.
pub(super) fn outcomes(outcomes: &[Outcome], content: Content) -> Vec<u8> {
    match content {
        Content::Csv => {
            let mut out = csv::writer(Dialect::default());
            csv::add(&mut out, ["Id", "Success", "Created", "Error"]);
            for done in outcomes {
                let (ok, created) = (done.is_ok().to_string(), done.created.to_string());
                csv::add(&mut out, [&done.id, &ok, &created, &done.error()]);
            }
            csv::finish(out)
        }
        Content::Json => {
            let rows: Vec<Value> = outcomes
                .iter()
                .map(|done| {
                    let errors: Vec<Value> = done
                        .refusals
                        .iter()
                        .map(|refusal| {
                            json!({
                                "message": refusal.message, "fields": refusal.fields, "statusCode": refusal.code,
                                "extendedErrorDetails": null,
                            })
                        })
                        .collect();
                    let id = done.is_ok().then_some(&done.id);
                    json!({"success": done.is_ok(), "created": done.created, "id": id, "errors": errors})
                })
                .collect();
            Value::Array(rows).to_string().into_bytes()
        }
        Content::Xml => {
            let mut xml = Xml::new();
            xml.open("results", &[("xmlns", NAMESPACE)]);
            for done in outcomes {
                xml.open("result", &[]);
                for refusal in &done.refusals {
                    xml.open("errors", &[]);
                    refusal.fields.iter().for_each(|field| xml.leaf("fields", field));
                    xml.leaf("message", &refusal.message);
                    xml.leaf("statusCode", refusal.code);
                    xml.close("errors");
                }
                if done.is_ok() {
                    xml.leaf("id", &done.id);
                }
                xml.leaf("success", &done.is_ok().to_string());
                xml.leaf("created", &done.created.to_string());
                xml.close("result");
            }
            xml.close("results");
            xml.finish()
        }
    }
}

/// The ids of a query's answers.
pub(super) fn answer_ids<'a>(ids: impl Iterator<Item = &'a String>, as_json: bool) -> Vec<u8> {
    if as_json {
        return json!(ids.collect::<Vec<_>>()).to_string().into_bytes();
    }
    let mut xml = Xml::new();
    xml.open("result-list", &[("xmlns", NAMESPACE)]);
    ids.for_each(|id| xml.leaf("result", id));
    xml.close("result-list");
    xml.finish()
}

/// A query's answer while its records come in.
pub(super) struct Records<'a> {
    columns: &'a [Column],
    form: Form,
    pub rows: usize,
}

enum Form {
    Csv(Box<::csv::Writer<Vec<u8>>>),
    Json(Vec<u8>),
    Xml(Xml),
}

impl<'a> Records<'a> {
    pub fn new(columns: &'a [Column], content: Content) -> Self {
        let form = match content {
            Content::Csv => {
                let mut out = csv::writer(Dialect::default());
                csv::add(&mut out, columns.iter().map(|column| column.name.as_bytes()));
                Form::Csv(Box::new(out))
            }
            Content::Json => Form::Json(Vec::new()),
            Content::Xml => {
                let mut xml = Xml::new();
                xml.open("queryResult", &[("xmlns", NAMESPACE), ("xmlns:xsi", XSI)]);
                Form::Xml(xml)
            }
        };
        Self { columns, form, rows: 0 }
    }

    pub fn add(&mut self, record: &Value) {
        match &mut self.form {
            Form::Csv(out) => csv::add(out, self.columns.iter().map(|column| column.text(record))),
            Form::Json(out) => {
                out.push(if self.rows == 0 { b'[' } else { b',' });
                out.extend(in_millis(record.clone(), self.columns).to_string().into_bytes());
            }
            Form::Xml(xml) => xml.record("records", record, ""),
        }
        self.rows += 1;
    }

    pub fn finish(self) -> Bytes {
        match self.form {
            // The platform says so in place of a header.
            Form::Csv(_) if self.rows == 0 => Bytes::from_static(b"Records not found for this query"),
            Form::Csv(out) => csv::finish(*out).into(),
            Form::Json(_) if self.rows == 0 => Bytes::from_static(b"[]"),
            Form::Json(mut out) => {
                out.push(b']');
                out.into()
            }
            Form::Xml(mut xml) => {
                xml.close("queryResult");
                xml.finish().into()
            }
        }
    }
}

/// In JSON, this API writes days and moments in milliseconds.
fn in_millis(mut record: Value, columns: &[Column]) -> Value {
    for column in columns.iter().filter(|c| matches!(c.kind, FieldKind::DateTime | FieldKind::Date)) {
        let mut at = Some(&mut record);
        for part in &column.path {
            at = at.and_then(|value| value.get_mut(part));
        }
        let Some(value) = at else { continue };
        let text = value.as_str().unwrap_or_default();
        let moment = jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok().or_else(|| {
            let day: jiff::civil::Date = text.parse().ok()?;
            day.at(0, 0, 0, 0).to_zoned_datetime(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
        });
        if let Some(moment) = moment {
            *value = json!(moment.as_millisecond());
        }
    }
    record
}
