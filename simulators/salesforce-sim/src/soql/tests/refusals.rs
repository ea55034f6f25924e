use super::*;

#[test]
fn an_unknown_field_is_shown_where_it_stands() {
    let error = refusal("SELECT Foo FROM Contact");
    assert_eq!(error.code, "INVALID_FIELD");
    assert_eq!(
        error.message,
        "\nSELECT Foo FROM Contact\n       ^\nERROR at Row:1:Column:8\nNo such column 'Foo' on entity 'Contact'. If you \
         are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please \
         reference your WSDL or the describe call for the appropriate names."
    );
}

#[test]
fn an_unknown_object_is_shown_where_it_stands() {
    let error = refusal("select count() from XYZZY");
    assert_eq!(error.code, "INVALID_TYPE");
    assert_eq!(
        error.message,
        "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\nsObject type 'XYZZY' is not \
         supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. \
         Please reference your WSDL or the describe call for the appropriate names."
    );
}

#[test]
fn refusals_have_their_codes_and_words() {
    for (text, code, words) in [
        ("", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT FROM Contact", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT * FROM Contact", "MALFORMED_QUERY", "unexpected token: '*'"),
        ("SELECT Id FROM Contact WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Contact bogus thing", "MALFORMED_QUERY", "unexpected token: 'thing'"),
        ("SELECT Id FROM Contact WHERE Id IN ()", "MALFORMED_QUERY", "unexpected token: ')'"),
        ("SELECT Id FROM Contact WHERE Id = :id", "MALFORMED_QUERY", "unexpected token: ':'"),
        ("SELECT Id FROM Contact WHERE Name = 'x", "MALFORMED_QUERY", "mismatched character '<EOF>'"),
        (r"SELECT Id FROM Contact WHERE Name = '\x'", "MALFORMED_QUERY", r"Illegal character sequence '\x'"),
        (
            "SELECT Id FROM Contact WHERE Name = 'a' AND Name = 'b' OR Name = 'c'",
            "MALFORMED_QUERY",
            "token: 'OR'",
        ),
        (
            "SELECT Id FROM Contact WHERE Name = 'a' OR Name = 'b' AND Name = 'c'",
            "MALFORMED_QUERY",
            "token: 'AND'",
        ),
        ("SELECT Id FROM Contact WHERE CreatedDate < 2016-07-31T04:17:54", "MALFORMED_QUERY", "'<EOF>'"),
        (
            "SELECT Id FROM Contact WHERE Birthdate < 2016-13-31",
            "MALFORMED_QUERY",
            "Invalid date: 2016-13-31",
        ),
        ("SELECT Id FROM Contact LIMIT -1", "MALFORMED_QUERY", "unexpected token: '-1'"),
        (
            "SELECT Id FROM Contact OFFSET 2001",
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Maximum SOQL offset allowed is 2000",
        ),
        ("SELECT Id, id FROM Contact", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Name n FROM Contact", "MALFORMED_QUERY", "only aggregate expressions use field aliasing"),
        (
            "SELECT Bar.Name FROM Contact",
            "INVALID_FIELD",
            "Didn't understand relationship 'Bar' in field path",
        ),
        ("SELECT (SELECT Id FROM Bars) FROM Contact", "INVALID_TYPE", "relationship 'Bars' in FROM part"),
        ("SELECT Who.Company, Who.Bar FROM Task", "INVALID_FIELD", "No such column 'Bar' on entity 'Name'"),
        (
            "SELECT Id FROM Contact WHERE Description = 'x'",
            "INVALID_FIELD",
            "field 'Description' can not be filtered in a query call",
        ),
        (
            "SELECT Id FROM Contact ORDER BY Description",
            "INVALID_FIELD",
            "field 'Description' can not be sorted in a query call",
        ),
        (
            "SELECT Id FROM Contact WHERE Name = 5",
            "INVALID_FIELD",
            "for field 'Name' must be of type string and should be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Contact WHERE CreatedDate > '2026-01-01'",
            "INVALID_FIELD",
            "for field 'CreatedDate' must be of type dateTime and should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Contact WHERE CreatedDate > 2026-01-01",
            "INVALID_FIELD",
            "must be of type dateTime",
        ),
        (
            "SELECT Id FROM Contact WHERE Id = 'nonsense'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid ID field: nonsense",
        ),
        (
            "SELECT Id FROM Contact WHERE Id LIKE '003%'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid operator on id field",
        ),
        (
            "SELECT Id FROM Contact WHERE Id IN (SELECT Id FROM Contact)",
            "MALFORMED_QUERY",
            "should not be on the same object type",
        ),
        (
            "SELECT Id FROM Contact WHERE Name = 'x' OR Id IN (SELECT WhoId FROM Task)",
            "MALFORMED_QUERY",
            "only allowed at the top level",
        ),
        (
            "SELECT Owner.Owner.Owner.Owner.Owner.Owner.Name FROM Contact",
            "MALFORMED_QUERY",
            "at most 5 levels",
        ),
    ] {
        let error = refusal(text);
        assert!(error.code == code && error.message.contains(words), "{text}: {error}");
    }
}

#[test]
fn long_lines_are_shown_in_part_and_rows_are_counted() {
    let error = refusal(&format!(
        "SELECT Id\nFROM Contact WHERE {} AND Foo = 'x'",
        vec!["Name != 'x'"; 20].join(" AND ")
    ));
    assert!(error.message.contains("ERROR at Row:2:Column:340"), "{}", error.message);
    let caret = error.message.lines().nth(2).unwrap();
    assert_eq!(caret.len(), 41);
}

#[test]
fn a_statement_has_at_most_100_000_characters() {
    let text = format!("SELECT Id FROM Contact WHERE Name = '{}'", "x".repeat(100_000));
    assert_eq!(refusal(&text).code, "MALFORMED_QUERY");
}

#[test]
fn depth_is_bounded() {
    for text in [
        format!("SELECT Id FROM Contact WHERE {}Name = 'x'{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("SELECT Id FROM Contact WHERE {}Name = 'x'", "NOT ".repeat(10_000)),
        format!("SELECT {}Name{} FROM Contact", "FORMAT(".repeat(10_000), ")".repeat(10_000)),
        format!("SELECT {}Id", "(SELECT ".repeat(10_000)),
        format!("SELECT Id FROM Contact WHERE {}", "Id IN (SELECT Id FROM Contact WHERE ".repeat(2_000)),
    ] {
        assert_eq!(refusal(&text).code, "QUERY_TOO_COMPLICATED");
    }
    let wide = format!("SELECT Id FROM Contact WHERE {}", vec!["Name = 'x'"; 5_000].join(" OR "));
    assert_eq!(answer(&wide).total_size, 0);
    let path = format!("SELECT {}Name FROM Contact", "Owner.".repeat(10_000));
    assert_eq!(refusal(&path).code, "MALFORMED_QUERY");
}
