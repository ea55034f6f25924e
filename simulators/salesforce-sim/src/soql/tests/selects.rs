use serde_json::json;

use super::*;

#[test]
fn a_record_has_its_attributes_first_and_the_schema_s_spelling() {
    let answer = answer("select id, NAME from contact where Id = '003000000000001'");
    let text = serde_json::to_string(&answer.records).unwrap();
    let expected = format!(
        r#"[{{"attributes":{{"type":"Contact","url":"/services/data/v66.0/sobjects/Contact/{ANN}"}},"Id":"{ANN}","Name":"Ann O'Neil"}}]"#
    );
    assert_eq!((answer.total_size, text), (1, expected));
}

#[test]
fn parents_are_nested_where_they_are_first_named() {
    let answer = answer(
        "SELECT Account.Name, LastName, Account.Owner.Name, Owner.Name FROM Contact WHERE LastName IN ('Bee','Sea')",
    );
    assert_eq!(answer.records[0]["Account"]["Name"], "Acme");
    assert_eq!(answer.records[0]["Account"]["Owner"]["Name"], "Uma");
    assert_eq!(answer.records[0]["Account"]["attributes"]["type"], "Account");
    assert_eq!(answer.records[1]["Account"], json!(null));
    let keys: Vec<_> = answer.records[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["attributes", "Account", "LastName", "Owner"]);
}

#[test]
fn aliases_stand_for_the_object_and_for_parents() {
    let by_alias = answer("SELECT c.LastName, c.Account.Name FROM Contact c WHERE c.Account.Name = 'acme'");
    assert_eq!(by_alias.total_size, 2);
    let by_parent = answer("SELECT c.LastName, a.Name FROM Contact c, c.Account a WHERE a.Name = 'acme'");
    assert_eq!(by_parent.records, by_alias.records);
    assert_eq!(answer("SELECT Contact.LastName FROM Contact").total_size, 3);
}

#[test]
fn children_are_nested_answers_or_null() {
    let answer = answer(
        "SELECT Name, (SELECT LastName, (SELECT Name FROM Tasks) FROM Contacts ORDER BY LastName DESC LIMIT 1) FROM \
         Account ORDER BY Name",
    );
    let contacts = &answer.records[0]["Contacts"];
    assert_eq!((&contacts["totalSize"], &contacts["done"]), (&json!(1), &json!(true)));
    assert_eq!(contacts["records"][0]["LastName"], "O'Neil");
    assert_eq!(contacts["records"][0]["Tasks"]["records"][0]["Name"], "Call");
    // Beta's only contact lies in the recycle bin
    assert_eq!(answer.records[1]["Contacts"], json!(null));
}

#[test]
fn children_may_use_the_relationship_as_a_name() {
    let answer = answer(
        "SELECT (SELECT Contacts.LastName FROM Contacts WHERE Contact.Score__c > 6) FROM Account LIMIT 1",
    );
    assert_eq!(answer.records[0]["Contacts"]["totalSize"], 1);
}

#[test]
fn polymorphic_parents_answer_as_names() {
    let answer = answer("SELECT Who.Name, Who.Type, What.Name FROM Task ORDER BY Who.Name");
    assert_eq!(answer.records[0]["Who"]["attributes"]["type"], "Name");
    assert_eq!(answer.records[0]["Who"]["Type"], "Contact");
    assert_eq!(answer.records[1]["Who"]["Type"], "Lead");
    assert_eq!(answer.records[1]["What"], json!(null));
    assert_eq!(column("SELECT Name FROM Task WHERE Who.Type = 'lead'", "Name"), ["Mail"]);
}

#[test]
fn typeof_answers_other_fields_for_each_object() {
    let answer = answer(
        "SELECT TYPEOF Who WHEN Contact THEN LastName WHEN Lead THEN Name, Company ELSE Id END FROM Task",
    );
    assert_eq!(answer.records[0]["Who"]["LastName"], "O'Neil");
    assert_eq!(answer.records[0]["Who"]["attributes"]["type"], "Contact");
    assert_eq!(answer.records[1]["Who"]["Company"], "Leaves");
}

#[test]
fn fields_stands_for_all_standard_or_custom_fields() {
    let custom = answer("SELECT FIELDS(CUSTOM) FROM Contact LIMIT 200");
    let keys: Vec<_> = custom.records[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["attributes", "Score__c", "Topics__c", "Optin__c", "Key__c"]);
    assert_eq!(answer("SELECT FIELDS(STANDARD) FROM Contact").total_size, 3);
    assert_eq!(answer(&format!("SELECT FIELDS(ALL) FROM Contact WHERE Id = '{ANN}'")).total_size, 1);
    assert!(refusal("SELECT FIELDS(ALL) FROM Contact").message.contains("LIMIT of at most 200"));
    assert!(refusal("SELECT FIELDS(ALL) FROM Contact LIMIT 201").message.contains("LIMIT of at most 200"));
}

#[test]
fn nulls_come_first_going_up_and_last_going_down() {
    let order = |by: &str| column(&format!("SELECT LastName FROM Contact ORDER BY {by}"), "LastName");
    assert_eq!(order("Score__c"), ["Sea", "Bee", "O'Neil"]);
    assert_eq!(order("Score__c DESC"), ["O'Neil", "Bee", "Sea"]);
    assert_eq!(order("Score__c ASC NULLS LAST"), ["Bee", "O'Neil", "Sea"]);
    assert_eq!(order("Score__c DESC NULLS FIRST"), ["Sea", "O'Neil", "Bee"]);
    assert_eq!(order("Optin__c DESC, LastName DESC"), ["O'Neil", "Sea", "Bee"]);
    assert_eq!(order("Account.Name NULLS LAST, LastName"), ["Bee", "O'Neil", "Sea"]);
}

#[test]
fn limit_and_offset_cut_what_was_sorted() {
    let names = column("SELECT LastName FROM Contact ORDER BY LastName LIMIT 1 OFFSET 1", "LastName");
    assert_eq!(names, ["O'Neil"]);
    assert_eq!(answer("SELECT Id FROM Contact LIMIT 0").total_size, 0);
    assert_eq!(answer("SELECT Id FROM Contact OFFSET 2").total_size, 1);
}

#[test]
fn count_answers_a_number_and_no_records() {
    let answer = answer("SELECT COUNT() FROM Contact WHERE AccountId != null");
    assert_eq!((answer.total_size, answer.records.len()), (2, 0));
}

#[test]
fn the_recycle_bin_is_seen_on_request_only() {
    let text = "SELECT Id FROM Contact WHERE IsDeleted = true";
    assert_eq!(answer(text).total_size, 0);
    let all = execute(&parse(text).unwrap(), text, &Org::new(), now(), Scope::All, "66.0").unwrap();
    assert_eq!(all.records[0]["Id"], GONE);
    assert_eq!(answer("SELECT Id FROM Contact ALL ROWS").total_size, 4);
}

#[test]
fn clauses_without_a_meaning_here_are_accepted() {
    for tail in [
        "USING SCOPE mine",
        "WITH SECURITY_ENFORCED",
        "WITH USER_MODE LIMIT 5",
        "FOR VIEW",
        "FOR REFERENCE",
        "FOR UPDATE",
        "LIMIT 3 FOR VIEW FOR REFERENCE",
        "UPDATE TRACKING",
    ] {
        assert_eq!(answer(&format!("SELECT Id FROM Contact {tail}")).total_size, 3, "{tail}");
    }
}

#[test]
fn a_time_zone_decides_where_a_day_begins() {
    struct Far(Org);
    impl Data for Far {
        fn object(&self, name: &str) -> Option<ObjectInfo> {
            self.0.object(name)
        }
        fn fields(&self, object: &str) -> Vec<FieldInfo> {
            self.0.fields(object)
        }
        fn child_relationship(&self, object: &str, name: &str) -> Option<ChildRelationship> {
            self.0.child_relationship(object, name)
        }
        fn row<'a>(&'a self, object: &str, id: &str) -> Option<Row<'a>> {
            self.0.row(object, id)
        }
        fn scan<'a>(&'a self, object: &str, hint: &Hint) -> Box<dyn Iterator<Item = Row<'a>> + 'a> {
            self.0.scan(object, hint)
        }
        fn time_zone(&self) -> jiff::tz::TimeZone {
            jiff::tz::TimeZone::fixed(jiff::tz::offset(1))
        }
    }
    let text = "SELECT COUNT() FROM Contact WHERE CreatedDate = TODAY";
    let count = |data: &dyn Data| {
        execute(&parse(text).unwrap(), text, data, now(), Scope::Live, "66.0").unwrap().total_size
    };
    assert_eq!((count(&Org::new()), count(&Far(Org::new()))), (1, 2));
}
