//! What a deployment does: everything is checked first, so that all of it goes in or nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::components::soap_time;
use super::kinds::Kind;
use super::object::is_custom;
use super::package_file::{self, Package, Part};
use super::{Who, kinds};
use crate::State;

/// What was asked for with a deployment.
#[derive(Debug, Clone)]
pub(super) struct DeployOptions {
    pub check_only: bool,
    pub rollback_on_error: bool,
    pub ignore_warnings: bool,
    /// As the caller gave them.
    pub given: Value,
}

impl DeployOptions {
    pub fn read(given: &Value) -> Self {
        let yes = |key: &str, default: bool| given.get(key).and_then(Value::as_bool).unwrap_or(default);
        Self {
            check_only: yes("checkOnly", false),
            rollback_on_error: yes("rollbackOnError", true),
            ignore_warnings: yes("ignoreWarnings", false),
            given: given.clone(),
        }
    }
}

/// What came of a deployment.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    pub successes: Vec<Value>,
    pub failures: Vec<Value>,
    /// Why nothing was even looked at.
    pub error: Option<String>,
    /// Whether the good part stays although another failed.
    pub partial: bool,
}

impl State {
    /// Carries a deployment out.
    pub(super) fn run_deploy(&mut self, zip: &[u8], options: &DeployOptions, who: &Who) -> Outcome {
        let package = match package_file::read(zip) {
            Ok(package) => package,
            Err(error) => return Outcome { error: Some(error), ..Outcome::default() },
        };
        let mut outcome = Outcome::default();
        let at = soap_time(who.now.as_second());
        outcome.successes.push(json!({
            "changed": true, "componentType": "", "created": false, "createdDate": at, "deleted": false,
            "fileName": package.manifest, "fullName": "package.xml", "success": true,
        }));
        let coming: BTreeSet<&str> = package.parts.iter().map(|part| part.full_name.as_str()).collect();
        let parts: Vec<&Part> = package.parts.iter().filter(|part| self.is_meant(&package, part)).collect();
        let mut good = Vec::new();
        for part in &parts {
            match self.why_not(&package, part, &coming) {
                Some(problem) => outcome.failures.push(failure(part, &problem, &at)),
                None => good.push(*part),
            }
        }
        for (kind, name) in
            package.named.iter().flat_map(|(kind, names)| names.iter().map(move |name| (kind, name)))
        {
            let found = name == "*"
                || package.parts.iter().any(|part| part.kind.name == kind && part.full_name == *name);
            if !found {
                let problem = format!(
                    "An object '{name}' of type {kind} was named in package.xml, but was not found in zipped directory"
                );
                outcome.failures.push(json!({
                    "changed": false, "componentType": kind, "created": false, "createdDate": at, "deleted": false,
                    "fileName": package.manifest, "fullName": name, "problem": problem, "problemType": "Error",
                    "success": false,
                }));
            }
        }
        let gone: Vec<&(String, String)> =
            package.destroy_first.iter().chain(&package.destroy_last).collect();
        let mut doomed = Vec::new();
        for (kind, name) in gone {
            match kinds::find(kind).filter(|kind| self.read_component(kind.name, name).is_some()) {
                Some(kind) if kind.name != "CustomObject" || is_custom(name) => {
                    doomed.push((kind, name.clone()))
                }
                _ => {
                    let message = json!({
                        "changed": false, "componentType": kind, "created": false, "createdDate": at, "deleted": false,
                        "fileName": package.manifest.replace("package.xml", "destructiveChanges.xml"), "fullName": name,
                        "problem": format!("No {kind} named: {name} found"), "problemType": "Warning",
                        "success": options.ignore_warnings,
                    });
                    let into =
                        if options.ignore_warnings { &mut outcome.successes } else { &mut outcome.failures };
                    into.push(message);
                }
            }
        }
        let apply = !options.check_only && (outcome.failures.is_empty() || !options.rollback_on_error);
        outcome.partial = apply && !outcome.failures.is_empty();
        let (first, last): (Vec<_>, Vec<_>) = doomed.into_iter().partition(|(kind, name)| {
            !package.destroy_last.iter().any(|(own, gone)| own == kind.name && gone == name)
        });
        self.destroy(&package, first, apply, who, &mut outcome);
        for part in good {
            self.put_part(part, apply, who, &mut outcome);
        }
        self.destroy(&package, last, apply, who, &mut outcome);
        outcome
    }

    /// The file of a standard object is there for what is inside, unless `package.xml` names the object.
    fn is_meant(&self, package: &Package, part: &Part) -> bool {
        part.kind.name != "CustomObject" || package.names(part.kind, &part.full_name)
    }

    fn why_not(&self, package: &Package, part: &Part, coming: &BTreeSet<&str>) -> Option<String> {
        if let Some(broken) = &part.broken {
            return Some(broken.clone());
        }
        if !package.names(part.kind, &part.full_name) {
            return Some("Not in package.xml".to_owned());
        }
        let knows = |name: &str| coming.contains(name);
        let checked = self.check_component(part.kind.name, &part.full_name, &part.body, &part.files, &knows);
        checked.err().map(|refusal| refusal.message)
    }

    fn put_part(&mut self, part: &Part, apply: bool, who: &Who, outcome: &mut Outcome) {
        let at = soap_time(who.now.as_second());
        let before = self.read_component(part.kind.name, &part.full_name);
        let created = before.is_none();
        let kept = self.setup.components.get(part.kind.name, &part.full_name);
        let same = kept.is_some_and(|kept| kept.body == part.body && *kept.files == part.files);
        if apply {
            let saved =
                self.save_component(part.kind.name, &part.full_name, &part.body, part.files.clone(), who);
            if let Err(refusal) = saved {
                outcome.failures.push(failure(part, &refusal.message, &at));
                return;
            }
        }
        let mut message = json!({
            "changed": !same, "componentType": part.kind.name, "created": created, "createdDate": at, "deleted": false,
            "fileName": part.file, "fullName": part.full_name, "success": true,
        });
        if apply || !created {
            message["id"] = json!(self.component_id(part.kind, &part.full_name));
        }
        outcome.successes.push(message);
    }

    fn destroy(
        &mut self,
        package: &Package,
        doomed: Vec<(&'static Kind, String)>,
        apply: bool,
        who: &Who,
        outcome: &mut Outcome,
    ) {
        let at = soap_time(who.now.as_second());
        for (kind, name) in doomed {
            let id = self.component_id(kind, &name);
            let done = if apply { self.remove_component(kind.name, &name, who) } else { Ok(()) };
            let file = package.manifest.replace("package.xml", "destructiveChanges.xml");
            match done {
                Ok(()) => outcome.successes.push(json!({
                    "changed": true, "componentType": kind.name, "created": false, "createdDate": at, "deleted": true,
                    "fileName": file, "fullName": name, "id": id, "success": true,
                })),
                Err(refusal) => outcome.failures.push(json!({
                    "changed": false, "componentType": kind.name, "created": false, "createdDate": at, "deleted": false,
                    "fileName": file, "fullName": name, "problem": refusal.message, "problemType": "Error",
                    "success": false,
                })),
            }
        }
    }
}

fn failure(part: &Part, problem: &str, at: &str) -> Value {
    json!({
        "changed": false, "columnNumber": 1, "componentType": part.kind.name, "created": false, "createdDate": at,
        "deleted": false, "fileName": part.file, "fullName": part.full_name, "lineNumber": 1, "problem": problem,
        "problemType": "Error", "success": false,
    })
}
