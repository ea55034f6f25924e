//! Addresses and geolocations, and how far they are from somewhere.

mod common;

use common::{Org, encoded};
use serde_json::{Value, json};

async fn refused(org: &Org, soql: &str) -> (u16, String) {
    let reply = org.get(&format!("/query?q={}", encoded(soql))).await;
    (reply.status, reply.code())
}

fn names(found: &Value) -> Vec<&str> {
    let rows = found["records"].as_array().into_iter().flatten();
    rows.filter_map(|row| row["Name"].as_str()).collect()
}

#[tokio::test]
async fn accounts_are_found_by_how_far_they_are() {
    let org = Org::new();
    for (name, latitude, longitude) in
        [("Berlin", 52.52, 13.405), ("Utrecht", 52.0907, 5.1214), ("Haarlem", 52.3874, 4.6462)]
    {
        org.make(
            "Account",
            json!({"Name": name, "BillingLatitude": latitude, "BillingLongitude": longitude}),
        )
        .await;
    }
    org.make("Account", json!({"Name": "Nowhere"})).await;
    let far = "DISTANCE(BillingAddress, GEOLOCATION(52.3676,4.9041), 'km')";
    let near = org.query(&format!("SELECT Name FROM Account WHERE {far} < 50 ORDER BY {far}")).await;
    assert_eq!(names(&near), ["Haarlem", "Utrecht"]);
    let miles = far.replace("km", "mi");
    let farther = org.query(&format!("SELECT Name FROM Account WHERE {miles} > 300")).await;
    assert_eq!(names(&farther), ["Berlin"]);
    let all = org.query(&format!("SELECT Name FROM Account ORDER BY {far} DESC NULLS LAST")).await;
    assert_eq!(names(&all), ["Berlin", "Utrecht", "Haarlem", "Nowhere"]);
    for wrong in [
        "SELECT Name FROM Account WHERE DISTANCE(Name, GEOLOCATION(1,2), 'km') < 5",
        "SELECT Name FROM Account WHERE DISTANCE(BillingAddress, GEOLOCATION(1,2), 'parsec') < 5",
        "SELECT DISTANCE(BillingAddress, GEOLOCATION(1,2), 'km') FROM Account",
    ] {
        assert_eq!(refused(&org, wrong).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_geolocation_is_two_numbers_and_one_field() {
    let org = Org::new();
    let place = json!({"label": "Place", "type": "Location", "scale": 4, "displayLocationInDecimal": true});
    assert!(org.sim.ensure_custom_field("Account", "Place__c", &place).is_ok());
    let id = org
        .make("Account", json!({"Name": "A", "Place__Latitude__s": 52.52, "Place__Longitude__s": 13.405}))
        .await;
    let read = org.get(&format!("/sobjects/Account/{id}")).await.json();
    assert_eq!(read["Place__c"], json!({"latitude": 52.52, "longitude": 13.405}));
    let found = org
        .query(
            "SELECT Name, Place__c FROM Account WHERE DISTANCE(Place__c, GEOLOCATION(52.5,13.4), 'mi') < 5",
        )
        .await;
    assert_eq!((names(&found), &found["records"][0]["Place__c"]["latitude"]), (vec!["A"], &json!(52.52)));
    let described = org.get("/sobjects/Account/describe").await.json();
    let fields = described["fields"].as_array().into_iter().flatten();
    let own: Vec<(&str, &str)> = fields
        .filter(|field| field["name"].as_str().is_some_and(|name| name.starts_with("Place__")))
        .map(|field| (field["name"].as_str().unwrap_or_default(), field["type"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(
        own,
        [("Place__Latitude__s", "double"), ("Place__Longitude__s", "double"), ("Place__c", "location")]
    );
}
