use std::collections::HashMap;

use super::*;

struct Fields(HashMap<&'static str, Val>, HashMap<&'static str, Val>);

impl Scope for Fields {
    fn value(&self, path: &[String]) -> Val {
        self.0.get(path.join(".").as_str()).cloned().unwrap_or(Val::Null)
    }
    fn prior(&self, path: &[String]) -> Val {
        self.1.get(path.join(".").as_str()).cloned().unwrap_or(Val::Null)
    }
    fn is_new(&self) -> bool {
        self.1.is_empty()
    }
    fn now(&self) -> Timestamp {
        "2026-11-24T10:00:00Z".parse().unwrap()
    }
}

fn value(formula: &str) -> Val {
    let text = |text: &str| Val::Text(text.to_owned());
    let fields = HashMap::from([
        ("Amount", Val::Number(Decimal::from(250))),
        ("Name", text("Lamp")),
        ("Account.Name", text("Lantern")),
        ("Close", Val::Date("2026-11-30".parse().unwrap())),
        ("Tags", text("a;b")),
    ]);
    Formula::parse(formula).unwrap().value(&Fields(fields, HashMap::new()))
}

#[test]
fn numbers_follow_the_usual_order() {
    assert_eq!(value("1 + 2 * 3 ^ 2 - -4"), Val::Number(Decimal::from(23)));
    assert_eq!(value("(Amount - 50) / 2"), Val::Number(Decimal::from(100)));
    assert_eq!(value("Amount / 0"), Val::Null);
    assert_eq!(value("ROUND(2.345, 2)"), Val::Number("2.35".parse().unwrap()));
    assert_eq!(value("MAX(1, Amount, Nothing)"), Val::Number(Decimal::from(250)));
}

#[test]
fn conditions_hold_or_not() {
    for holds in [
        "ISBLANK(Nothing)",
        "AND(Amount > 100, NOT(ISBLANK(Name)))",
        "Amount > 100 && !ISBLANK(Name) || FALSE",
        "ISPICKVAL(Name, 'Lamp')",
        "Account.Name = \"Lantern\"",
        "INCLUDES(Tags, 'b')",
        "REGEX(Name, '[A-Z][a-z]+')",
        "ISNEW()",
        "Close > TODAY() + 5",
        "Close - TODAY() = 6",
    ] {
        assert_eq!(value(holds), Val::Bool(true), "{holds}");
    }
    for fails in ["Amount < 100", "REGEX(Name, '[A-Z]')", "Name == 'lamp'", "ISCHANGED(Name)"] {
        assert_eq!(value(fails), Val::Bool(false), "{fails}");
    }
}

#[test]
fn texts_are_put_together() {
    assert_eq!(value("UPPER(LEFT(Name, 2)) & '-' & TEXT(Amount)"), Val::Text("LA-250".into()));
    assert_eq!(value("CASE(Name, 'Desk', 1, 'Lamp', 2, 3)"), Val::Number(Decimal::from(2)));
    assert_eq!(value("IF(Amount > 1000, 'big', 'small')"), Val::Text("small".into()));
    assert_eq!(value("LPAD(Name, 6, '*')"), Val::Text("**Lamp".into()));
}

#[test]
fn what_is_no_formula_is_refused_when_it_is_read() {
    for bad in ["1 +", "FOO(1)", "IF(1)", "'open", "(1", "1 2", "a ~ b"] {
        assert!(Formula::parse(bad).is_err(), "{bad}");
    }
}
