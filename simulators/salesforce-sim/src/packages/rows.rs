//! Packages as rows of the Tooling API.

use serde_json::{Map, Value, json};

use super::{InstallOutcome, Known, PackageRequest};
use crate::State;
use crate::ids;
use crate::org::api_time;

impl State {
    /// The rows of an object about packages; none for any other.
    pub(crate) fn package_rows(&mut self, object: &str) -> Vec<Map<String, Value>> {
        let packages = self.setup.packages.clone();
        let rows: Vec<Value> = match object {
            "InstalledSubscriberPackage" => packages
                .installed
                .iter()
                .filter_map(|own| {
                    let known = packages.find(&own.version)?;
                    Some(json!({
                        "Id": own.id, "SubscriberPackageId": self.package_id(known),
                        "SubscriberPackageVersionId": full(&own.version), "MinPackageVersionId": null,
                    }))
                })
                .collect(),
            "SubscriberPackage" => packages
                .known
                .iter()
                .map(|known| {
                    json!({
                        "Id": self.package_id(known), "Name": known.name, "Description": null,
                        "NamespacePrefix": known.namespace, "IsPackageValid": true,
                    })
                })
                .collect(),
            "SubscriberPackageVersion" => {
                packages.known.iter().map(|known| self.version_row(known)).collect()
            }
            "PackageInstallRequest" | "PackageUninstallRequest" => {
                let wanted = object == "PackageUninstallRequest";
                let own = packages.requests.iter().filter(|(_, request)| request.uninstall == wanted);
                own.map(|(id, request)| request_row(id, request)).collect()
            }
            _ => Vec::new(),
        };
        rows.into_iter()
            .filter_map(|row| match row {
                Value::Object(map) => Some(map),
                _ => None,
            })
            .collect()
    }

    /// The id of a package, which its versions share.
    fn package_id(&mut self, known: &Known) -> String {
        self.setup.id_of("SubscriberPackage", &known.name, "033")
    }

    fn version_row(&mut self, known: &Known) -> Value {
        let mut numbers = known.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        let (major, minor, patch) = (next(), next(), next());
        let sites: Vec<Value> = known
            .sites
            .iter()
            .map(|site| json!({"secure": true, "settingName": known.name, "url": site}))
            .collect();
        json!({
            "Id": full(&known.id), "Name": known.name, "SubscriberPackageId": self.package_id(known),
            "MajorVersion": major, "MinorVersion": minor, "PatchVersion": patch, "BuildNumber": 1,
            "PublisherName": known.publisher, "IsBeta": false, "IsManaged": known.namespace.is_some(),
            "IsDeprecated": false, "IsPasswordProtected": false, "InstallValidationStatus": "NO_ERRORS_DETECTED",
            "ReleaseState": "Released", "Package2ContainerOptions": "Managed",
            "RemoteSiteSettings": {"settings": sites}, "CspTrustedSites": {"settings": []},
            "Profiles": {"destinationProfiles": [], "sourceProfiles": []}, "Dependencies": null,
            "AppExchangePackageName": known.name, "AppExchangeDescription": null, "PostInstallUrl": null,
            "ReleaseNotesUrl": null,
        })
    }
}

fn full(id: &str) -> String {
    ids::normal(id).unwrap_or_else(|| id.to_owned())
}

fn request_row(id: &str, request: &PackageRequest) -> Value {
    let failed = request.outcome == InstallOutcome::Fail;
    let errors =
        json!({"errors": [{"message": "The package could not be installed. Ask its publisher for help."}]});
    let mut row = json!({
        "Id": id, "Status": status(request), "CreatedDate": api_time(request.who.now.as_second()),
        "Errors": if request.done && failed { errors } else { Value::Null },
    });
    if request.uninstall {
        row["SubscriberPackageVersionId"] = json!(full(&request.version));
        return row;
    }
    row["SubscriberPackageVersionKey"] = json!(full(&request.version));
    for key in [
        "NameConflictResolution",
        "SecurityType",
        "EnableRss",
        "ApexCompileType",
        "UpgradeType",
        "PackageInstallSource",
        "ProfileMappings",
    ] {
        row[key] = request.given.get(key).cloned().unwrap_or(Value::Null);
    }
    row
}

/// Installations and removals call the same things differently.
pub(super) fn status(request: &PackageRequest) -> &'static str {
    match (request.uninstall, request.done, request.outcome) {
        (true, false, _) => "InProgress",
        (true, true, _) => "Success",
        (false, false, _) => "IN_PROGRESS",
        (false, true, InstallOutcome::Ok) => "SUCCESS",
        (false, true, InstallOutcome::Fail) => "ERROR",
    }
}
