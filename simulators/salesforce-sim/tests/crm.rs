//! What accounts, contacts, leads and the rest do by themselves.

#![allow(clippy::unwrap_used, reason = "only tests are here")]

mod common;

use common::Org;
use salesforce_sim::LeadConversion;
use serde_json::{Value, json};

async fn delete(org: &Org, object: &str, id: &str) -> common::Reply {
    org.call("DELETE", &format!("/sobjects/{object}/{id}"), Value::Null, &[]).await
}

async fn read(org: &Org, object: &str, id: &str) -> Value {
    org.get(&format!("/sobjects/{object}/{id}")).await.json()
}

fn opportunity(fields: Value) -> Value {
    let mut own = json!({"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-12-31"});
    own.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    own
}

#[tokio::test]
async fn a_stage_brings_its_probability_and_what_follows() {
    let org = Org::new();
    let id = org.make("Opportunity", opportunity(json!({"Amount": 1000}))).await;
    let seen = read(&org, "Opportunity", &id).await;
    assert_eq!((&seen["Probability"], &seen["ExpectedRevenue"]), (&json!(10.0), &json!(100.0)));
    assert_eq!((&seen["ForecastCategory"], &seen["IsClosed"]), (&json!("Pipeline"), &json!(false)));
    assert_eq!(
        (&seen["FiscalYear"], &seen["FiscalQuarter"], &seen["Fiscal"]),
        (&json!(2026), &json!(4), &json!("2026 4"))
    );
    let path = format!("/sobjects/Opportunity/{id}");
    org.patch(&path, json!({"StageName": "Closed Lost"})).await;
    let seen = read(&org, "Opportunity", &id).await;
    assert_eq!(
        (&seen["Probability"], &seen["IsClosed"], &seen["IsWon"]),
        (&json!(0.0), &json!(true), &json!(false))
    );
    assert_eq!(seen["ForecastCategoryName"], "Omitted");
    org.patch(&path, json!({"StageName": "Closed Won", "Probability": 95})).await;
    let seen = read(&org, "Opportunity", &id).await;
    assert_eq!((&seen["Probability"], &seen["IsWon"]), (&json!(95.0), &json!(true)));
    assert_eq!(org.query("SELECT StageName FROM OpportunityHistory").await["totalSize"], 3);
}

#[tokio::test]
async fn an_opportunity_has_one_primary_contact() {
    let org = Org::new();
    let [first, second] = [
        org.make("Contact", json!({"LastName": "A"})).await,
        org.make("Contact", json!({"LastName": "B"})).await,
    ];
    let id = org.make("Opportunity", opportunity(json!({"ContactId": first}))).await;
    let role = json!({"OpportunityId": id, "ContactId": second, "Role": "Evaluator", "IsPrimary": true});
    org.make("OpportunityContactRole", role).await;
    let roles = org.query("SELECT ContactId FROM OpportunityContactRole WHERE IsPrimary = true").await;
    assert_eq!((&roles["totalSize"], &roles["records"][0]["ContactId"]), (&json!(1), &json!(second)));
    assert_eq!(read(&org, "Opportunity", &id).await["ContactId"], second);
}

#[tokio::test]
async fn an_account_takes_its_people_and_deals_with_it_and_brings_them_back() {
    let org = Org::new();
    let account = org.make("Account", json!({"Name": "A"})).await;
    let child = org.make("Account", json!({"Name": "B", "ParentId": account})).await;
    let contact = org.make("Contact", json!({"LastName": "A", "AccountId": account})).await;
    let deal = org.make("Opportunity", opportunity(json!({"AccountId": account}))).await;
    let task = org.make("Task", json!({"Subject": "Call", "WhoId": contact})).await;
    assert_eq!(delete(&org, "Account", &account).await.status, 204);
    for (object, id) in [("Contact", &contact), ("Opportunity", &deal), ("Task", &task)] {
        assert!(org.sim.record(object, id).unwrap().deleted, "{object}");
    }
    assert_eq!(read(&org, "Account", &child).await["ParentId"], Value::Null);
    org.sim.undelete_record(&account).unwrap();
    for (object, id) in [("Contact", &contact), ("Opportunity", &deal), ("Task", &task)] {
        assert!(!org.sim.record(object, id).unwrap().deleted, "{object}");
    }
    assert_eq!(read(&org, "Account", &child).await["ParentId"], account);
    org.make("Case", json!({"Subject": "C", "AccountId": account})).await;
    let refused = delete(&org, "Account", &account).await;
    assert_eq!(refused.code(), "DELETE_FAILED", "{}", refused.text);
    assert_eq!(org.count("Contact"), 1);
}

#[tokio::test]
async fn nobody_reports_to_themselves() {
    let org = Org::new();
    let boss = org.make("Contact", json!({"LastName": "A"})).await;
    let other = org.make("Contact", json!({"LastName": "B", "ReportsToId": boss})).await;
    let loops = org.patch(&format!("/sobjects/Contact/{boss}"), json!({"ReportsToId": other})).await;
    assert_eq!(loops.code(), "CIRCULAR_DEPENDENCY");
}

#[tokio::test]
async fn a_lead_becomes_a_contact_an_account_and_a_deal() {
    let org = Org::new();
    let fields = json!({"LastName": "Byron", "FirstName": "Ada", "Company": "Lantern", "Email": "ada@x.example", "City": "Cork"});
    let lead = org.make("Lead", fields).await;
    let campaign = org.make("Campaign", json!({"Name": "Fair"})).await;
    org.make("CampaignMember", json!({"CampaignId": campaign, "LeadId": lead})).await;
    let task = org.make("Task", json!({"Subject": "Call", "WhoId": lead})).await;
    let mut wanted = LeadConversion {
        lead_id: lead.clone(),
        converted_status: "Open".into(),
        ..LeadConversion::default()
    };
    assert_eq!(org.sim.convert_lead(&wanted).unwrap_err()[0].code, "INVALID_STATUS");
    wanted.converted_status = "Closed - Converted".into();
    let done = org.sim.convert_lead(&wanted).unwrap();
    let seen = org
        .query("SELECT IsConverted, ConvertedContact.Name, ConvertedAccount.Name, ConvertedOpportunity.Name FROM Lead")
        .await["records"][0]
        .clone();
    assert_eq!(seen["IsConverted"], true);
    assert_eq!(
        (&seen["ConvertedContact"]["Name"], &seen["ConvertedAccount"]["Name"]),
        (&json!("Ada Byron"), &json!("Lantern"))
    );
    assert_eq!(seen["ConvertedOpportunity"]["Name"], "Lantern-");
    let contact = read(&org, "Contact", &done.contact_id).await;
    assert_eq!(
        (&contact["Email"], &contact["MailingCity"], &contact["AccountId"]),
        (&json!("ada@x.example"), &json!("Cork"), &json!(done.account_id))
    );
    assert_eq!(read(&org, "Task", &task).await["WhoId"], done.contact_id);
    let member = org.query("SELECT ContactId, LeadId FROM CampaignMember").await["records"][0].clone();
    assert_eq!((&member["ContactId"], &member["LeadId"]), (&json!(done.contact_id), &json!(lead)));
    let late = org.patch(&format!("/sobjects/Lead/{lead}"), json!({"City": "Rome"})).await;
    assert_eq!(late.code(), "CANNOT_UPDATE_CONVERTED_LEAD");
    assert_eq!(org.sim.convert_lead(&wanted).unwrap_err()[0].code, "CANNOT_UPDATE_CONVERTED_LEAD");
}

#[tokio::test]
async fn a_lead_can_join_what_is_there() {
    let org = Org::new();
    let account = org.make("Account", json!({"Name": "Old", "Phone": "1"})).await;
    let contact = org.make("Contact", json!({"LastName": "Old", "AccountId": account})).await;
    let lead =
        org.make("Lead", json!({"LastName": "New", "Company": "C", "Phone": "2", "Title": "Dr"})).await;
    let wanted = LeadConversion {
        lead_id: lead,
        converted_status: "Closed - Converted".into(),
        contact_id: Some(contact.clone()),
        do_not_create_opportunity: true,
        ..LeadConversion::default()
    };
    let done = org.sim.convert_lead(&wanted).unwrap();
    assert_eq!((&done.contact_id, &done.account_id, &done.opportunity_id), (&contact, &account, &None));
    let held = read(&org, "Contact", &contact).await;
    assert_eq!(
        (&held["LastName"], &held["Title"], &held["Phone"]),
        (&json!("Old"), &json!("Dr"), &json!("2"))
    );
    assert_eq!(read(&org, "Account", &account).await["Phone"], "1");
    assert_eq!((org.count("Contact"), org.count("Account"), org.count("Opportunity")), (1, 1, 0));
}

#[tokio::test]
async fn merged_records_point_at_their_master() {
    let org = Org::new();
    let keep = org.make("Contact", json!({"LastName": "Keep"})).await;
    let lose = org.make("Contact", json!({"LastName": "Lose", "Email": "l@x.example"})).await;
    let campaign = org.make("Campaign", json!({"Name": "Fair"})).await;
    for contact in [&keep, &lose] {
        org.make("CampaignMember", json!({"CampaignId": campaign, "ContactId": contact})).await;
    }
    let task = org.make("Task", json!({"Subject": "Call", "WhoId": lose})).await;
    let fields = json!({"Email": "l@x.example"});
    let moved = org
        .sim
        .merge_records("Contact", &keep, std::slice::from_ref(&lose), fields.as_object().unwrap())
        .unwrap();
    assert_eq!(moved, std::slice::from_ref(&task));
    assert_eq!(read(&org, "Task", &task).await["WhoId"], keep);
    assert_eq!(org.count("CampaignMember"), 1);
    let gone = org
        .get(&format!(
            "/queryAll?q={}",
            common::encoded("SELECT MasterRecordId FROM Contact WHERE IsDeleted = true")
        ))
        .await
        .json();
    assert_eq!(gone["records"][0]["MasterRecordId"], keep);
    assert_eq!(read(&org, "Contact", &keep).await["Email"], "l@x.example");
    assert!(org.sim.undelete_record(&lose).is_err());
}

#[tokio::test]
async fn campaigns_have_statuses_and_each_person_once() {
    let org = Org::new();
    let campaign = org.make("Campaign", json!({"Name": "Fair"})).await;
    let contact = org.make("Contact", json!({"LastName": "A", "Email": "a@x.example"})).await;
    let statuses =
        org.query("SELECT Label, HasResponded, IsDefault FROM CampaignMemberStatus ORDER BY SortOrder").await;
    assert_eq!(
        (&statuses["records"][0]["Label"], &statuses["records"][1]["HasResponded"]),
        (&json!("Sent"), &json!(true))
    );
    let member = org.make("CampaignMember", json!({"CampaignId": campaign, "ContactId": contact})).await;
    let seen = read(&org, "CampaignMember", &member).await;
    assert_eq!(
        (&seen["Status"], &seen["HasResponded"], &seen["Email"]),
        (&json!("Sent"), &json!(false), &json!("a@x.example"))
    );
    let again =
        org.post("/sobjects/CampaignMember", json!({"CampaignId": campaign, "ContactId": contact})).await;
    assert_eq!(
        (again.code().as_str(), &again.json()[0]["message"]),
        ("DUPLICATE_VALUE", &json!("Already a campaign member."))
    );
    org.patch(&format!("/sobjects/CampaignMember/{member}"), json!({"Status": "Responded"})).await;
    assert_eq!(read(&org, "CampaignMember", &member).await["HasResponded"], true);
    let seen = read(&org, "Campaign", &campaign).await;
    assert_eq!((&seen["NumberOfContacts"], &seen["NumberOfResponses"]), (&json!(1), &json!(1)));
    let nobody = org.post("/sobjects/CampaignMember", json!({"CampaignId": campaign})).await;
    assert_eq!(nobody.code(), "REQUIRED_FIELD_MISSING");
}

#[tokio::test]
async fn activities_are_about_people_and_things() {
    let org = Org::new();
    let account = org.make("Account", json!({"Name": "A"})).await;
    let contact = org.make("Contact", json!({"LastName": "A", "AccountId": account})).await;
    let lead = org.make("Lead", json!({"LastName": "L", "Company": "C"})).await;
    let both = org.post("/sobjects/Task", json!({"Subject": "S", "WhoId": lead, "WhatId": account})).await;
    assert_eq!(
        (both.code().as_str(), &both.json()[0]["fields"]),
        ("FIELD_INTEGRITY_EXCEPTION", &json!(["WhatId"]))
    );
    let wrong = org.post("/sobjects/Task", json!({"Subject": "S", "WhoId": account})).await;
    assert_eq!(wrong.code(), "FIELD_INTEGRITY_EXCEPTION");
    let task = org
        .make("Task", json!({"Subject": "S", "WhoId": contact, "Status": "Completed", "Priority": "High"}))
        .await;
    let seen = read(&org, "Task", &task).await;
    assert_eq!(
        (&seen["AccountId"], &seen["IsClosed"], &seen["IsHighPriority"]),
        (&json!(account), &json!(true), &json!(true))
    );
    let event = json!({"Subject": "E", "StartDateTime": "2026-11-24T10:00:00Z", "EndDateTime": "2026-11-24T11:30:00Z", "WhatId": account});
    let event = org.make("Event", event).await;
    let seen = read(&org, "Event", &event).await;
    assert_eq!((&seen["DurationInMinutes"], &seen["ActivityDate"]), (&json!(90), &json!("2026-11-24")));
    assert_eq!(seen["ActivityDateTime"], "2026-11-24T10:00:00.000+0000");
    let empty = org.post("/sobjects/Event", json!({"Subject": "E"})).await;
    assert_eq!(empty.code(), "REQUIRED_FIELD_MISSING");
}

#[tokio::test]
async fn a_case_has_a_number_and_knows_its_account() {
    let org = Org::new();
    let account = org.make("Account", json!({"Name": "A"})).await;
    let contact =
        org.make("Contact", json!({"LastName": "A", "AccountId": account, "Email": "a@x.example"})).await;
    let case = org.make("Case", json!({"Subject": "C", "ContactId": contact})).await;
    let seen = read(&org, "Case", &case).await;
    assert_eq!(
        (&seen["CaseNumber"], &seen["Status"], &seen["Priority"]),
        (&json!("00001001"), &json!("New"), &json!("Medium"))
    );
    assert_eq!((&seen["AccountId"], &seen["ContactEmail"]), (&json!(account), &json!("a@x.example")));
    org.patch(&format!("/sobjects/Case/{case}"), json!({"Status": "Closed"})).await;
    let seen = read(&org, "Case", &case).await;
    assert_eq!((&seen["IsClosed"], seen["ClosedDate"].is_string()), (&json!(true), true));
}

#[tokio::test]
async fn the_inactive_own_nothing_more() {
    let org = Org::new();
    let user = org.query("SELECT Id FROM User WHERE Username = 'ida.field@lantern.example'").await;
    let user = user["records"][0]["Id"].as_str().unwrap().to_owned();
    org.patch(&format!("/sobjects/User/{user}"), json!({"IsActive": false})).await;
    let refused = org.post("/sobjects/Contact", json!({"LastName": "A", "OwnerId": user})).await;
    assert_eq!(refused.code(), "INACTIVE_OWNER_OR_USER");
}

#[tokio::test]
async fn a_folder_may_hold_members_roles_cases_and_objects_of_its_own() {
    let org = Org::new();
    let dir = tempfile::tempdir().unwrap();
    for (file, text) in [
        ("Account", "Ref,Name\na1,Lantern\n"),
        ("Contact", "Ref,LastName,AccountRef\nc1,Byron,a1\n"),
        ("Campaign", "Ref,Name\nf1,Fair\n"),
        ("CampaignMember", "CampaignRef,ContactRef,Status\nf1,c1,Responded\n"),
        ("Opportunity", "Ref,Name,StageName,CloseDate\no1,Deal,Prospecting,2026-12-31\n"),
        ("OpportunityContactRole", "OpportunityRef,ContactRef,Role,IsPrimary\no1,c1,Evaluator,true\n"),
        ("Case", "Ref,Subject,ContactRef\nk1,Broken,c1\n"),
        ("Event", "Subject,WhoRef,StartDateTime,DurationInMinutes\nMeet,c1,2026-11-24T10:00:00Z,30\n"),
        ("Site__c", "Ref,Name,AccountRef,Size\ns1,Quay,a1,12\n"),
    ] {
        std::fs::write(dir.path().join(format!("{file}.csv")), text).unwrap();
    }
    let report = org.sim.load_csv(dir.path()).unwrap();
    assert_eq!(report.refused, []);
    let site = org.query("SELECT Name, Account__r.Name, Size__c FROM Site__c").await["records"][0].clone();
    assert_eq!((&site["Account__r"]["Name"], &site["Size__c"]), (&json!("Lantern"), &json!(12.0)));
    let member =
        org.query("SELECT HasResponded, Contact.LastName FROM CampaignMember").await["records"][0].clone();
    assert_eq!((&member["HasResponded"], &member["Contact"]["LastName"]), (&json!(true), &json!("Byron")));
    assert_eq!(org.query("SELECT Who.Name FROM Event").await["records"][0]["Who"]["Name"], "Byron");
    assert_eq!(org.query("SELECT Account.Name FROM Case").await["records"][0]["Account"]["Name"], "Lantern");
    assert_eq!(
        org.query("SELECT Id FROM OpportunityContactRole WHERE IsPrimary = true").await["totalSize"],
        1
    );
}
