//! The sentences that a line of a scenario may be.

use std::time::Duration;

use model::Side;
use serde_json::Value;

use crate::table::is_name;

/// Fields with what they hold; blank is an empty text.
pub type Fields = Vec<(String, String)>;

/// Something that people or the world do.
#[derive(Debug, Clone)]
pub struct Step {
    /// Whether no time passes before it.
    pub at_once: bool,
    /// What is done.
    pub act: Act,
}

/// What is done.
#[derive(Debug, Clone)]
pub enum Act {
    /// A record is made, or an existing one edited.
    Record {
        side: Side,
        object: String,
        name: String,
        fields: Fields,
    },
    Delete {
        side: Side,
        name: String,
    },
    Restore {
        side: Side,
        name: String,
    },
    /// HubSpot deletes a contact for good.
    Erase {
        name: String,
    },
    Merge {
        side: Side,
        loser: String,
        winner: String,
    },
    Associate {
        from: String,
        to: String,
        primary: bool,
    },
    Separate {
        from: String,
        to: String,
    },
    /// How many records of one object a HubSpot record may be associated with.
    Limit {
        most: u32,
        from: String,
        to: String,
    },
    /// A HubSpot segment with these members.
    Segment {
        name: String,
        object: String,
        members: Vec<String>,
    },
    Join {
        name: String,
        segment: String,
    },
    Leave {
        name: String,
        segment: String,
    },
    /// A HubSpot owner or Salesforce user who is there from the start gets a name.
    Person {
        side: Side,
        name: String,
        email: String,
    },
    /// A lead becomes what is named here: object and name.
    Convert {
        lead: String,
        into: Vec<(String, String)>,
    },
    /// Rules and permissions of the org.
    Rules {
        rules: Value,
    },
    /// The connected user may not see this record, or no longer write it.
    HideRecord {
        name: String,
    },
    ProtectRecord {
        name: String,
    },
    /// Saves of this record fail so often because somebody else holds it.
    Lock {
        name: String,
        times: u64,
    },
    OpenAll,
    /// A property of the account's own.
    Property {
        object: String,
        name: String,
        kind: String,
        choices: Vec<String>,
    },
    /// A field of the org's own.
    Field {
        object: String,
        name: String,
        metadata: Value,
    },
    /// Calls to this path are answered with this status.
    Fail {
        side: Side,
        status: u16,
        path: String,
        times: u32,
    },
    Heal {
        side: Side,
    },
    Pass {
        time: Duration,
    },
    /// A pass of the engine.
    Sync,
    /// A pass of the engine after which nothing is left to do and nothing stands in error.
    InStep,
    Set {
        key: String,
        value: Value,
    },
    SetMapping {
        hubspot: String,
        salesforce: String,
        values: Fields,
    },
    Map {
        hubspot: (String, String),
        salesforce: (String, String),
        rule: String,
        values: Fields,
    },
    Objects {
        pairs: Vec<(String, String)>,
    },
}

/// Something that must hold.
#[derive(Debug, Clone)]
pub enum Expected {
    /// This live record holds this.
    Record {
        side: Side,
        object: String,
        name: String,
        fields: Fields,
    },
    /// The only live record that holds this.
    Only {
        side: Side,
        object: String,
        holding: Fields,
        fields: Fields,
    },
    Count {
        side: Side,
        object: String,
        count: usize,
    },
    Deleted {
        side: Side,
        name: String,
    },
    Linked {
        hubspot: String,
        salesforce: String,
    },
    NotLinked {
        side: Side,
        name: String,
    },
    Rests {
        side: Side,
        name: String,
        why: String,
    },
    Error {
        side: Side,
        name: String,
        category: String,
        field: Option<String>,
        saying: Option<String>,
    },
    History {
        side: Side,
        name: String,
        field: Option<String>,
        outcome: String,
        reason: Option<String>,
    },
    Associated {
        from: String,
        to: String,
        is: bool,
        primary: bool,
    },
    Stops {
        saying: String,
    },
    NothingWritten,
    /// This mapping is not worked, and the reason is said.
    LeftOut {
        mapping: String,
        saying: String,
    },
}

/// Reads what a `given` or `when` line does.
pub fn step(text: &str) -> Result<Step, String> {
    let (at_once, text) = match text.strip_prefix("at once ") {
        Some(rest) => (true, rest.trim()),
        None => (false, text),
    };
    Ok(Step { at_once, act: act(text)? })
}

fn act(text: &str) -> Result<Act, String> {
    if text == "they are in step" {
        return Ok(Act::InStep);
    }
    if text == "a pass runs" {
        return Ok(Act::Sync);
    }
    if let Some(time) = text.strip_suffix(" pass").or_else(|| text.strip_suffix(" passes")) {
        return Ok(Act::Pass { time: duration(time)? });
    }
    if let Some(rest) = text.strip_prefix("set ") {
        return set(rest);
    }
    if let Some(rest) = text.strip_prefix("map ") {
        let (pair, rest) = split(rest, ":")?;
        let (hubspot, salesforce) = split(pair, " with ")?;
        let (rule, values) = rest.split_once(';').unwrap_or((rest, ""));
        return Ok(Act::Map {
            hubspot: dotted(hubspot)?,
            salesforce: dotted(salesforce)?,
            rule: rule.trim().to_owned(),
            values: fields(values)?,
        });
    }
    if let Some(rest) = text.strip_prefix("only ") {
        let pairs = rest.split(',').map(|pair| {
            let (hubspot, salesforce) = split(pair, " with ")?;
            Ok((hubspot.to_owned(), salesforce.to_owned()))
        });
        return Ok(Act::Objects { pairs: pairs.collect::<Result<_, String>>()? });
    }
    let (side, rest) = side(text)?;
    match side {
        Side::HubSpot => hubspot_act(rest),
        Side::Salesforce => salesforce_act(rest),
    }
}

fn hubspot_act(text: &str) -> Result<Act, String> {
    let (verb, rest) = text.split_once(' ').ok_or("this says too little")?;
    Ok(match verb {
        "erases" => Act::Erase { name: name(rest)? },
        "associates" => {
            let (rest, primary) = primary(rest);
            let (from, to) = split(rest, " with ")?;
            Act::Associate { from: name(from)?, to: name(to)?, primary }
        }
        "separates" => {
            let (from, to) = split(rest, " from ")?;
            Act::Separate { from: name(from)?, to: name(to)? }
        }
        "allows" => {
            let (most, objects) = split(rest, " ")?;
            let (to, from) = split(objects, " of a ")?;
            Act::Limit { most: number(most)?, from: hubspot_object(from), to: hubspot_object(to) }
        }
        "segment" => {
            let (head, members) = rest.split_once(':').unwrap_or((rest, ""));
            let (segment, object) = split(head, " of ")?;
            let members = members.split(',').filter(|one| !one.trim().is_empty()).map(name);
            let members = members.collect::<Result<_, _>>()?;
            Act::Segment { name: name(segment)?, object: hubspot_object(object), members }
        }
        "adds" => {
            let (who, segment) = split(rest, " to segment ")?;
            Act::Join { name: name(who)?, segment: name(segment)? }
        }
        "removes" => {
            let (who, segment) = split(rest, " from segment ")?;
            Act::Leave { name: name(who)?, segment: name(segment)? }
        }
        "property" => {
            let (property, kind) = split(rest, ":")?;
            let (object, property) = dotted(property)?;
            let (kind, choices) = kind.trim().split_once(' ').unwrap_or((kind.trim(), ""));
            let choices = choices.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty());
            Act::Property { object, name: property, kind: kind.to_owned(), choices: choices.collect() }
        }
        _ => return common_act(Side::HubSpot, verb, rest),
    })
}

fn salesforce_act(text: &str) -> Result<Act, String> {
    if text == "opens everything" {
        return Ok(Act::OpenAll);
    }
    let (verb, rest) = text.split_once(' ').ok_or("this says too little")?;
    let rules = |rules: Value| Act::Rules { rules };
    Ok(match verb {
        "rules" => rules(json(rest)?),
        "converts" => {
            let (lead, into) = split(rest, " into ")?;
            let into = into.split(',').map(|one| {
                let (object, named) = split(one, " ")?;
                Ok((object.to_owned(), name(named)?))
            });
            Act::Convert { lead: name(lead)?, into: into.collect::<Result<_, String>>()? }
        }
        "field" => {
            let (field, metadata) = split(rest, ":")?;
            let (object, field) = dotted(field)?;
            Act::Field { object, name: field, metadata: json(metadata)? }
        }
        "hides" | "protects" => match rest.strip_prefix("field ") {
            Some(field) => {
                let (object, field) = dotted(field)?;
                let access = serde_json::json!({"read": verb == "protects", "edit": false});
                rules(serde_json::json!({"field_permissions": {object: {field: access}}}))
            }
            None if verb == "hides" => Act::HideRecord { name: name(rest)? },
            None => Act::ProtectRecord { name: name(rest)? },
        },
        "holds" => {
            let (who, times) = split(rest, " for ")?;
            let times = times.strip_suffix(" saves").ok_or("say 'for N saves'")?;
            Act::Lock { name: name(who)?, times: number(times)? }
        }
        _ => return common_act(Side::Salesforce, verb, rest),
    })
}

fn common_act(side: Side, verb: &str, rest: &str) -> Result<Act, String> {
    Ok(match verb {
        "deletes" => Act::Delete { side, name: name(rest)? },
        "restores" => Act::Restore { side, name: name(rest)? },
        "merges" => {
            let (loser, winner) = split(rest, " into ")?;
            Act::Merge { side, loser: name(loser)?, winner: name(winner)? }
        }
        "person" => {
            let (who, email) = split(rest, ":")?;
            Act::Person { side, name: name(who)?, email: email.trim().to_owned() }
        }
        "answers" => {
            let (status, rest) = split(rest, " to ")?;
            let (path, times) = split(rest, " ")?;
            let times = times.trim_end_matches("times").trim_end_matches("time");
            Act::Fail { side, status: number(status)?, path: path.to_owned(), times: number(times)? }
        }
        "is" if rest == "well again" => Act::Heal { side },
        object => {
            let (who, values) = rest.split_once(':').unwrap_or((rest, ""));
            Act::Record { side, object: object_of(side, object), name: name(who)?, fields: fields(values)? }
        }
    })
}

fn set(text: &str) -> Result<Act, String> {
    if let Some((head, values)) = text.split_once(':')
        && let Some((hubspot, salesforce)) = head.split_once(" with ")
    {
        let (hubspot, salesforce) = (hubspot.trim().to_owned(), salesforce.trim().to_owned());
        return Ok(Act::SetMapping { hubspot, salesforce, values: fields(values)? });
    }
    let (key, text) = split(text, "=")?;
    Ok(Act::Set { key: key.to_owned(), value: value(text) })
}

/// Reads what a `then` line expects.
pub fn expected(text: &str) -> Result<Expected, String> {
    if text == "nothing was written" {
        return Ok(Expected::NothingWritten);
    }
    if let Some(saying) = text.strip_prefix("the pass stops saying ") {
        return Ok(Expected::Stops { saying: saying.to_owned() });
    }
    if let Some(rest) = text.strip_prefix("the mapping ") {
        let (pair, saying) = split(rest, " is left out saying ")?;
        let (hubspot, salesforce) = split(pair, " with ")?;
        let ((object, property), (there, field)) = (dotted(hubspot)?, dotted(salesforce)?);
        let mapping = format!("{object} ↔ {there}: {property} ↔ {field}");
        return Ok(Expected::LeftOut { mapping, saying: saying.to_owned() });
    }
    let (side, rest) = side(text)?;
    if let Some(rest) = rest.strip_prefix("has ") {
        let (count, object) = split(rest, " ")?;
        return Ok(Expected::Count { side, object: object_of(side, object), count: number(count)? });
    }
    if let Some((who, state)) = rest.split_once(" is ")
        && is_name(who.trim())
    {
        return state_of(side, name(who)?, state.trim());
    }
    if let Some((who, why)) = rest.split_once(" rests: ")
        && is_name(who.trim())
    {
        return Ok(Expected::Rests { side, name: name(who)?, why: why.trim().to_owned() });
    }
    if let Some((who, error)) = rest.split_once(" has the error ")
        && is_name(who.trim())
    {
        let (error, saying) = optional(error, " saying ");
        let (category, field) = optional(error, " in ");
        return Ok(Expected::Error { side, name: name(who)?, category: category.to_owned(), field, saying });
    }
    if let Some((who, line)) = rest.split_once(" explains ")
        && is_name(who.trim())
    {
        let (field, line) = split(line, ":")?;
        let field = (field != "itself").then(|| field.to_owned());
        let (outcome, reason) = optional(line, ",");
        return Ok(Expected::History { side, name: name(who)?, field, outcome: outcome.to_owned(), reason });
    }
    let (object, rest) = split(rest, " ")?;
    let object = object_of(side, object);
    if let Some(rest) = rest.strip_prefix('(') {
        let (holding, values) = split(rest, ")")?;
        let values = values.trim().strip_prefix(':').unwrap_or_default();
        return Ok(Expected::Only { side, object, holding: fields(holding)?, fields: fields(values)? });
    }
    let (who, values) = rest.split_once(':').unwrap_or((rest, ""));
    Ok(Expected::Record { side, object, name: name(who)?, fields: fields(values)? })
}

fn state_of(side: Side, who: String, state: &str) -> Result<Expected, String> {
    if state == "deleted" {
        return Ok(Expected::Deleted { side, name: who });
    }
    if state == "not linked" {
        return Ok(Expected::NotLinked { side, name: who });
    }
    if let Some(other) = state.strip_prefix("linked with ") {
        if side != Side::HubSpot {
            return Err("say 'HubSpot NAME is linked with NAME'; the second is Salesforce's".into());
        }
        return Ok(Expected::Linked { hubspot: who, salesforce: name(other)? });
    }
    let (is, rest) = match state.strip_prefix("not ") {
        Some(rest) => (false, rest),
        None => (true, state),
    };
    let (rest, primary) = primary(rest);
    match rest.strip_prefix("with ") {
        Some(to) if side == Side::HubSpot => {
            Ok(Expected::Associated { from: who, to: name(to)?, is, primary })
        }
        _ => Err(format!("'is {state}' is not known")),
    }
}

fn side(text: &str) -> Result<(Side, &str), String> {
    match text.split_once(' ') {
        Some(("HubSpot", rest)) => Ok((Side::HubSpot, rest.trim())),
        Some(("Salesforce", rest)) => Ok((Side::Salesforce, rest.trim())),
        _ => Err("this begins with neither HubSpot nor Salesforce nor anything else that is known".into()),
    }
}

fn object_of(side: Side, object: &str) -> String {
    if side == Side::HubSpot { hubspot_object(object) } else { object.trim().to_owned() }
}

/// The API's name of a HubSpot object that is named as people do.
fn hubspot_object(name: &str) -> String {
    match name.trim() {
        "contact" => "contacts".to_owned(),
        "company" => "companies".to_owned(),
        one @ ("deal" | "ticket" | "task" | "call" | "meeting" | "note" | "email") => format!("{one}s"),
        other => other.to_owned(),
    }
}

fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    if is_name(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("'{text}' is no name: small letters, digits, dashes"))
    }
}

fn split<'a>(text: &'a str, at: &str) -> Result<(&'a str, &'a str), String> {
    let (one, other) = text.trim().split_once(at).ok_or_else(|| format!("'{}' is missing", at.trim()))?;
    Ok((one.trim(), other.trim()))
}

fn optional<'a>(text: &'a str, at: &str) -> (&'a str, Option<String>) {
    match text.split_once(at) {
        Some((one, other)) => (one.trim(), Some(other.trim().to_owned())),
        None => (text.trim(), None),
    }
}

fn primary(text: &str) -> (&str, bool) {
    match text.strip_suffix(" as primary") {
        Some(rest) => (rest, true),
        None => (text, false),
    }
}

fn dotted(text: &str) -> Result<(String, String), String> {
    let (object, field) = split(text, ".")?;
    Ok((object.to_owned(), field.to_owned()))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("'{}' is no number that fits here", text.trim()))
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text.trim()).map_err(|error| error.to_string())
}

/// A setting's value: yes, no, none, JSON, or else a text.
pub fn value(text: &str) -> Value {
    match text.trim() {
        "yes" => true.into(),
        "no" => false.into(),
        "none" => Value::Null,
        text => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let (count, unit) = split(text, " ")?;
    let seconds = match unit.trim_end_matches('s') {
        "second" => 1,
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return Err(format!("'{unit}' is no unit of time")),
    };
    Ok(Duration::from_secs(number::<u64>(count)? * seconds))
}

fn fields(text: &str) -> Result<Fields, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut fields = Vec::new();
    for part in text.split("; ") {
        let (field, value) = part.split_once('=').ok_or_else(|| format!("'{part}' has no '='"))?;
        let value = value.trim();
        let value = if value == "(blank)" { "" } else { value };
        fields.push((field.trim().to_owned(), value.replace("\\n", "\n")));
    }
    Ok(fields)
}
