use serde_json::json;

use super::*;

#[test]
fn functions_without_groups_answer_one_record() {
    let answer = answer(
        "SELECT COUNT(Id), COUNT(Email) mails, COUNT_DISTINCT(AccountId), SUM(Score__c), AVG(Score__c) mean, \
         MIN(Birthdate), MAX(LastName) FROM Contact",
    );
    assert_eq!(answer.total_size, 1);
    assert_eq!(
        serde_json::to_string(&answer.records[0]).unwrap(),
        r#"{"attributes":{"type":"AggregateResult"},"expr0":3,"mails":2,"expr1":1,"expr2":15.5,"mean":7.75,"expr3":"1990-05-01","expr4":"Sea"}"#
    );
}

#[test]
fn no_rows_still_answer_one_record() {
    let answer = answer("SELECT count(Id), MAX(Score__c) FROM Contact WHERE Name = 'nobody'");
    assert_eq!(answer.records[0]["expr0"], json!(0));
    assert_eq!(answer.records[0]["expr1"], json!(null));
}

#[test]
fn tenths_add_up() {
    assert_eq!(answer("SELECT SUM(AnnualRevenue) s FROM Account").records[0]["s"], json!(0.3));
}

#[test]
fn groups_fold_case_and_keep_nulls() {
    let answer =
        answer("SELECT Industry, COUNT(Id) n FROM Account GROUP BY Industry ORDER BY COUNT(Id) DESC");
    let groups: Vec<_> = answer.records.iter().map(|record| (&record["Industry"], &record["n"])).collect();
    assert_eq!(groups, [(&json!("Energy"), &json!(2)), (&json!(null), &json!(1))]);
}

#[test]
fn groups_by_parents_and_parts_of_dates() {
    let by_parent =
        answer("SELECT Account.Name, COUNT(Id) FROM Contact GROUP BY Account.Name ORDER BY Account.Name");
    assert_eq!(by_parent.records[0]["Name"], json!(null));
    assert_eq!(by_parent.records[1]["expr0"], json!(2));
    let by_year = answer(
        "SELECT CALENDAR_YEAR(CreatedDate), CALENDAR_MONTH(CreatedDate) m, COUNT(Id) FROM Account GROUP BY \
         CALENDAR_YEAR(CreatedDate), CALENDAR_MONTH(CreatedDate) ORDER BY CALENDAR_YEAR(CreatedDate) DESC, \
         CALENDAR_MONTH(CreatedDate)",
    );
    assert_eq!(by_year.records[0]["expr0"], json!(2026));
    assert_eq!(by_year.records[0]["m"], json!(1));
    assert_eq!(by_year.records[2]["expr0"], json!(2025));
    let by_day = answer("SELECT DAY_ONLY(CreatedDate) d FROM Contact GROUP BY DAY_ONLY(CreatedDate) LIMIT 1");
    assert_eq!(by_day.records[0]["d"], json!("2026-11-24"));
}

#[test]
fn having_keeps_some_groups() {
    let text = "SELECT AccountId FROM Contact GROUP BY AccountId HAVING COUNT(Id) > 1 AND AccountId != null";
    let answer = answer(text);
    assert_eq!((answer.total_size, &answer.records[0]["AccountId"]), (1, &json!(ACME)));
}

#[test]
fn fields_outside_groups_are_refused() {
    let error = refusal("SELECT Name, COUNT(Id) FROM Contact");
    assert_eq!(error.code, "MALFORMED_QUERY");
    assert!(error.message.ends_with("Field must be grouped or aggregated: Name"), "{}", error.message);
    assert!(
        refusal("SELECT COUNT(Id) FROM Contact ORDER BY Name")
            .message
            .contains("Ordered field must be grouped")
    );
    assert!(refusal("SELECT COUNT(Id) FROM Contact LIMIT 1").message.contains("cannot also use LIMIT"));
    assert!(
        refusal("SELECT SUM(Name) FROM Contact")
            .message
            .contains("field Name does not support aggregate operator SUM")
    );
    assert!(
        refusal("SELECT Topics__c FROM Contact GROUP BY Topics__c").message.contains("can not be grouped")
    );
    assert!(refusal("SELECT COUNT(Id) a, MAX(Name) A FROM Contact").message.contains("duplicate alias: A"));
}

#[test]
fn rollup_adds_subtotals_below_what_they_sum_up() {
    let text = "SELECT Account.Name a, LastName l, COUNT(Id) n, GROUPING(Account.Name) g, GROUPING(LastName) h FROM \
                Contact WHERE AccountId != null GROUP BY ROLLUP(Account.Name, LastName)";
    let answer = answer(text);
    let total = answer.records.last().unwrap();
    assert_eq!(
        (&total["a"], &total["l"], &total["g"], &total["h"]),
        (&json!(null), &json!(null), &json!(1), &json!(1))
    );
    let rows = |g: u8, h: u8| answer.records.iter().filter(move |row| row["g"] == g && row["h"] == h);
    let sum: u64 = rows(0, 0).map(|row| row["n"].as_u64().unwrap()).sum();
    assert_eq!(total["n"], json!(sum));
    assert_eq!(rows(0, 1).map(|row| row["n"].as_u64().unwrap()).sum::<u64>(), sum);
    assert_eq!(rows(1, 0).count(), 0);
    let first = &answer.records[0];
    assert_eq!((&first["g"], &first["h"]), (&json!(0), &json!(0)));
}

#[test]
fn cube_takes_every_choice_of_fields() {
    let text = "SELECT AccountId a, LastName l, COUNT(Id) n, GROUPING(AccountId) g, GROUPING(LastName) h FROM Contact \
                GROUP BY CUBE(AccountId, LastName) HAVING GROUPING(AccountId) = 1";
    let answer = answer(text);
    assert!(answer.records.iter().all(|row| row["g"] == 1));
    assert!(answer.records.iter().any(|row| row["h"] == 0));
    assert_eq!(answer.records.iter().filter(|row| row["h"] == 1).count(), 1);
}

#[test]
fn grouping_asks_for_a_grouped_field() {
    let refused = refusal("SELECT LastName, GROUPING(Email) FROM Contact GROUP BY ROLLUP(LastName)");
    assert_eq!(refused.code, "MALFORMED_QUERY");
}
