use super::*;

#[test]
fn text_compares_without_regard_to_case() {
    assert_eq!(names("Email = 'ANN@example.COM'"), ["O'Neil"]);
    assert_eq!(names("Name = 'çARL'"), ["Sea"]);
    assert_eq!(names("Email IN ('ANN@example.COM', 'x')"), ["O'Neil"]);
    assert_eq!(names("LastName > 'n'"), ["O'Neil", "Sea"]);
}

#[test]
fn case_sensitive_fields_compare_with_regard_to_case() {
    assert_eq!(names("Key__c = 'AB'"), ["Bee"]);
    assert_eq!(names("Key__c IN ('aB')"), ["O'Neil"]);
    assert_eq!(names("Key__c LIKE 'A%'"), ["Bee"]);
}

#[test]
fn ids_of_15_and_18_characters_are_the_same() {
    assert_eq!(names("Id = '003000000000001'"), ["O'Neil"]);
    assert_eq!(names("Id = '003000000000001aaa'"), ["O'Neil"]);
    assert_eq!(names("AccountId IN ('001000000000001', '001000000000002AAA')").len(), 2);
    assert_eq!(names("Id > '003000000000001'"), ["Bee", "Sea"]);
}

#[test]
fn null_differs_from_everything_but_null() {
    assert_eq!(names("Email = null"), ["Sea"]);
    assert_eq!(names("Email = ''"), ["Sea"]);
    assert_eq!(names("Email != null").len(), 2);
    assert_eq!(names("Email != 'bob@example.com'"), ["O'Neil", "Sea"]);
    assert_eq!(names("Email NOT IN ('bob@example.com')"), ["O'Neil", "Sea"]);
    assert_eq!(names("Email IN ('bob@example.com', null)"), ["Bee", "Sea"]);
    assert_eq!(names("Score__c < 100").len(), 2);
    assert_eq!(names("Account.Name = null"), ["Sea"]);
}

#[test]
fn like_knows_wildcards_and_escapes() {
    assert_eq!(names("Name LIKE 'a%'"), ["O'Neil"]);
    assert_eq!(names("Name LIKE '%O\\'n__l'"), ["O'Neil"]);
    assert_eq!(names("Name LIKE '%0\\%'"), ["Bee"]);
    assert_eq!(names("Name LIKE '%0\\%_'"), [""; 0]);
    assert_eq!(names("Name LIKE '%'").len(), 3);
    assert_eq!(names("(NOT Name LIKE 'a%')"), ["Bee", "Sea"]);
    assert_eq!(names("LastName LIKE '%e%e%'"), ["Bee"]);
}

#[test]
fn strings_know_escapes() {
    assert_eq!(names(r"LastName = 'O\'Neil'"), ["O'Neil"]);
    assert_eq!(names(r"Name = '\u00c7arl'"), ["Sea"]);
    assert_eq!(names(r"Name = 'Bob 100%'"), ["Bee"]);
}

#[test]
fn multipicklists_include_and_exclude() {
    assert_eq!(names("Topics__c INCLUDES ('red')"), ["O'Neil"]);
    assert_eq!(names("Topics__c INCLUDES ('Green;Red', 'Blue')"), ["O'Neil", "Bee"]);
    assert_eq!(names("Topics__c INCLUDES ('Red;Blue')"), [""; 0]);
    assert_eq!(names("Topics__c EXCLUDES ('Red')"), ["Bee", "Sea"]);
    assert_eq!(names("Topics__c = 'Red;Green'"), ["O'Neil"]);
}

#[test]
fn numbers_booleans_and_times_compare() {
    assert_eq!(names("Score__c >= 5.5 AND Score__c < 1e1"), ["Bee"]);
    assert_eq!(names("Score__c > -1").len(), 2);
    assert_eq!(names("Optin__c = TRUE"), ["O'Neil"]);
    assert_eq!(names("Birthdate < 2000-01-01"), ["O'Neil"]);
    assert_eq!(names("SystemModstamp >= 2026-11-24T12:00:01Z"), ["Bee", "Sea"]);
    assert_eq!(names("SystemModstamp > 2026-11-24T13:00:01.000+01:00"), ["Sea"]);
    assert_eq!(names("SystemModstamp = 2026-11-24T12:00:00.000+0000"), ["O'Neil"]);
}

#[test]
fn conditions_nest() {
    assert_eq!(names("(Score__c = 10 OR Score__c = 5.5) AND NOT Optin__c = true"), ["Bee"]);
    assert_eq!(names("NOT (Score__c = 10 OR Email = null)"), ["Bee"]);
}

#[test]
fn semi_joins_and_anti_joins() {
    let accounts = |condition: &str| column(&format!("SELECT Name FROM Account WHERE {condition}"), "Name");
    assert_eq!(accounts("Id IN (SELECT AccountId FROM Contact WHERE Score__c > 6)"), ["Acme"]);
    assert_eq!(accounts("Id NOT IN (SELECT AccountId FROM Contact)"), ["Beta", "Gamma"]);
    assert_eq!(
        names("AccountId IN (SELECT Id FROM Account WHERE Industry = 'Energy') AND Score__c = 10"),
        ["O'Neil"]
    );
}

fn hint(condition: &str) -> Hint {
    let org = Org::new();
    let text = format!("SELECT Id FROM Contact WHERE {condition}");
    execute(&parse(&text).unwrap(), &text, &org, now(), Scope::Live, "66.0").unwrap();
    let hint = org.hints.borrow().last().cloned();
    hint.unwrap()
}

#[test]
fn hints_tell_the_store_what_the_and_at_the_top_demands() {
    let by_id = hint("Id IN ('003000000000002', '003000000000001AAA') AND (Email = 'a' OR Email = 'b')");
    assert_eq!(by_id.ids, Some(vec![ANN.to_owned(), BOB.to_owned()]));
    assert!(by_id.any_of.is_empty());

    let by_value =
        hint("Email IN ('B@x', 'a@x') AND Score__c = 5 AND (AccountId = '001000000000001' AND Name = 'N')");
    let fields: Vec<_> = by_value.any_of.iter().map(|any| (any.field.as_str(), json!(any.values))).collect();
    assert_eq!(
        fields,
        [
            ("Email", json!(["a@x", "b@x"])),
            ("Score__c", json!([5])),
            ("AccountId", json!([ACME])),
            ("Name", json!(["n"]))
        ]
    );

    let by_time = hint(
        "SystemModstamp >= 2026-11-24T12:00:01Z AND (SystemModstamp > 2026-11-24T12:00:01Z OR Id > '003000000000001')",
    );
    assert_eq!(by_time.times[0].from, Some("2026-11-24T12:00:01Z".parse().unwrap()));
    assert_eq!(by_time.times[0].to, None);

    assert_eq!(hint("Email = 'a' OR Email = 'b'"), Hint::default());
    assert_eq!(hint("Email != 'a' AND Account.Name = 'x' AND Email IN ('a', null)"), Hint::default());
}
