//! Pipelines: a record's stage means what its pipeline says, and a record in a pipeline that nobody mapped is outside.

use std::borrow::Cow;

use model::{ChoiceMap, FieldMapping, FieldPair, ObjectMapping, Side, SyncRule, Value, Values};

use crate::schema::Route;

/// The properties that hold pipeline and stage.
const PIPELINES: [&str; 2] = ["pipeline", "hs_pipeline"];
const STAGES: [&str; 2] = ["dealstage", "hs_pipeline_stage"];
const RECORD_TYPE: &str = "RecordTypeId";

impl Route {
    /// The pairs as they hold for a record: its stages are those of its pipeline. Of a pair, what its record holds in
    /// HubSpot decides, else what it holds in Salesforce.
    pub fn pairs_for(&self, hubspot: Option<&Values>, salesforce: Option<&Values>) -> Cow<'_, [FieldPair]> {
        let lines = &self.mapping.pipelines;
        if lines.is_empty() {
            return Cow::Borrowed(&self.pairs);
        }
        let held = |values: Option<&Values>, names: &[&str]| {
            let values = values?;
            names
                .iter()
                .find_map(|name| values.get(*name).map(Value::to_string))
                .filter(|text| !text.is_empty())
        };
        let (pipeline, record_type) = (held(hubspot, &PIPELINES), held(salesforce, &[RECORD_TYPE]));
        let by_type =
            record_type.and_then(|id| lines.iter().find(|line| line.salesforce.as_ref() == Some(&id)));
        let line = by_type.or_else(|| lines.iter().find(|line| Some(&line.hubspot) == pipeline.as_ref()));
        // A stage of HubSpot belongs to one pipeline; one of Salesforce is looked for in that of the record first.
        let others = lines.iter().filter(|other| line.is_none_or(|line| line.hubspot != other.hubspot));
        let stages: Vec<(String, String)> =
            line.into_iter().chain(others).flat_map(|line| line.stages.0.iter().cloned()).collect();
        let mut pairs = self.pairs.clone();
        for pair in &mut pairs {
            let name = pair.hubspot.name.as_str();
            if PIPELINES.contains(&name) && pair.mapping.choices.is_empty() {
                let choices =
                    lines.iter().filter_map(|line| Some((line.hubspot.clone(), line.salesforce.clone()?)));
                pair.mapping.choices = ChoiceMap(choices.collect());
            } else if STAGES.contains(&name) && !stages.is_empty() {
                pair.mapping.choices = ChoiceMap(stages.clone());
            }
        }
        Cow::Owned(pairs)
    }

    /// Whether a record is in a pipeline, or of a record type, that nobody mapped.
    pub fn is_off_line(&self, side: Side, values: &Values) -> bool {
        let lines = &self.mapping.pipelines;
        if lines.is_empty() {
            return false;
        }
        let held = |names: &[&str]| {
            let text = names.iter().find_map(|name| values.get(*name).map(Value::to_string));
            text.filter(|text| !text.is_empty())
        };
        match side {
            Side::HubSpot => match (held(&PIPELINES), held(&STAGES)) {
                (Some(pipeline), _) => !lines.iter().any(|line| line.hubspot == pipeline),
                // Without the pipeline, its stages tell which it is.
                (None, Some(stage)) => lines.iter().all(|line| {
                    !line.stages.is_empty() && line.stages.other(Side::HubSpot, &stage).is_none()
                }),
                (None, None) => false,
            },
            Side::Salesforce => held(&[RECORD_TYPE]).is_some_and(|id| {
                lines.iter().all(|line| line.salesforce.as_ref().is_some_and(|known| *known != id))
            }),
        }
    }
}

/// The mapping of pipelines with record types, where there are both and nobody has mapped them by hand.
pub(crate) fn missing_mapping(mapping: &ObjectMapping) -> Option<FieldMapping> {
    let by_hand = mapping.fields.iter().any(|field| PIPELINES.contains(&field.hubspot.as_str()));
    let has_types = mapping.pipelines.iter().any(|line| line.salesforce.is_some());
    let property = if mapping.hubspot_object == "deals" { "pipeline" } else { "hs_pipeline" };
    (has_types && !by_hand).then(|| FieldMapping::new(property, RECORD_TYPE, SyncRule::default()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use model::{Access, Field, Kind, PipelineMapping, TextFormat};

    use super::*;

    fn route() -> Route {
        let text = |name: &str| Field {
            name: name.to_owned(),
            label: name.to_owned(),
            kind: Kind::Text { max_length: None, format: TextFormat::Plain },
            access: Access::ReadWrite,
            required: false,
            unique: false,
        };
        let line = |hubspot: &str, salesforce: &str, stage: &str| PipelineMapping {
            hubspot: hubspot.to_owned(),
            salesforce: Some(salesforce.to_owned()),
            stages: ChoiceMap(vec![(stage.to_owned(), "Prospecting".to_owned())]),
        };
        let mut mapping = ObjectMapping::new("deals", "Opportunity", Vec::new());
        mapping.pipelines = vec![line("new", "012A", "s1"), line("renewal", "012B", "s2")];
        let pair = |hubspot: &str, salesforce: &str| {
            let mapping = FieldMapping::new(hubspot, salesforce, SyncRule::default());
            FieldPair::new(mapping, text(hubspot), text(salesforce)).unwrap()
        };
        Route {
            pairs: vec![pair("pipeline", "RecordTypeId"), pair("dealstage", "StageName")],
            hubspot_fields: Vec::new(),
            salesforce_fields: Vec::new(),
            steps: Vec::new(),
            mapping,
        }
    }

    fn values(name: &str, value: &str) -> Values {
        Values::from([(name.to_owned(), Value::Text(value.to_owned()))])
    }

    #[test]
    fn a_stage_of_salesforce_is_the_one_of_the_records_own_pipeline() {
        let route = route();
        for (record_type, stage) in [("012A", "s1"), ("012B", "s2")] {
            let held = values("RecordTypeId", record_type);
            let pairs = route.pairs_for(None, Some(&held));
            let choices = &pairs[1].mapping.choices;
            assert_eq!(choices.other(Side::Salesforce, "Prospecting"), Some(stage));
            assert_eq!(choices.other(Side::HubSpot, "s1"), Some("Prospecting"));
            assert_eq!(pairs[0].mapping.choices.other(Side::HubSpot, "renewal"), Some("012B"));
        }
    }

    #[test]
    fn a_pipeline_or_record_type_that_nobody_mapped_is_outside() {
        let route = route();
        assert!(route.is_off_line(Side::HubSpot, &values("pipeline", "own")));
        assert!(!route.is_off_line(Side::HubSpot, &values("pipeline", "renewal")));
        assert!(route.is_off_line(Side::HubSpot, &values("dealstage", "elsewhere")));
        assert!(!route.is_off_line(Side::HubSpot, &values("dealstage", "s2")));
        assert!(route.is_off_line(Side::Salesforce, &values("RecordTypeId", "012C")));
        assert!(!route.is_off_line(Side::Salesforce, &values("RecordTypeId", "012A")));
    }
}
