//! The hosts of an org's own pages.

use url::Url;

/// From where an org's API is to the pages that people use it on. Record pages are on the Lightning host; the My Domain
/// host shows the classic ones and those of other clients.
#[must_use]
pub fn frame_hosts(instance: &Url) -> Vec<String> {
    let own = instance.origin().ascii_serialization();
    let Some(host) = instance.host_str() else { return vec![own] };
    let lightning = [
        (".my.salesforce.com", ".lightning.force.com"),
        (".my.salesforce.mil", ".lightning.crmforce.mil"),
        (".my.sfcrmproducts.cn", ".lightning.sfcrmapps.cn"),
    ];
    let page = lightning
        .iter()
        .find_map(|(api, page)| host.strip_suffix(api).map(|domain| format!("https://{domain}{page}")));
    page.into_iter().chain([own]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_org_is_shown_on_its_own_hosts_only() {
        let hosts = |url: &str| frame_hosts(&url.parse().unwrap());
        assert_eq!(
            hosts("https://acme.my.salesforce.com/"),
            ["https://acme.lightning.force.com", "https://acme.my.salesforce.com"]
        );
        assert_eq!(
            hosts("https://acme--uat.sandbox.my.salesforce.com")[0],
            "https://acme--uat.sandbox.lightning.force.com"
        );
        assert_eq!(hosts("https://acme.my.salesforce.mil")[0], "https://acme.lightning.crmforce.mil");
        assert_eq!(hosts("http://127.0.0.1:8102"), ["http://127.0.0.1:8102"]);
    }
}
