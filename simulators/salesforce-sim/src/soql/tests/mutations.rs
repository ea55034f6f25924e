use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

const SEEDS: [&str; 12] = [
    "SELECT Id, Account.Owner.Name, (SELECT Id FROM Tasks WHERE Name LIKE '%x\\_%' LIMIT 2) FROM Contact c WHERE \
     c.Score__c >= 5.5 AND (NOT Email = null) ORDER BY Name DESC NULLS LAST, Id LIMIT 10 OFFSET 1",
    "SELECT Industry, COUNT(Id) n, SUM(AnnualRevenue) FROM Account GROUP BY Industry HAVING COUNT(Id) > 0 ORDER BY MAX(Name)",
    "SELECT COUNT() FROM Contact WHERE CreatedDate = LAST_N_DAYS:3 OR CreatedDate < 2026-11-24T00:00:00.000+01:00",
    "SELECT FIELDS(ALL) FROM Contact LIMIT 200 ALL ROWS",
    "SELECT Id FROM Account WHERE Id NOT IN (SELECT AccountId FROM Contact WHERE Birthdate > 1990-01-01)",
    "SELECT Topics__c FROM Contact WHERE Topics__c INCLUDES ('Red;Green', 'Blue') AND Optin__c != true",
    "SELECT TYPEOF Who WHEN Contact THEN LastName ELSE Id END, What.Type FROM Task WHERE Who.Type IN ('Lead', null)",
    "SELECT c.Id, a.Name FROM Contact c, c.Account a, a.Owner o WHERE o.Name = '\\u00c7\\'\\\\'",
    "SELECT CALENDAR_YEAR(CreatedDate) y, AVG(Score__c) FROM Contact GROUP BY CALENDAR_YEAR(CreatedDate)",
    "SELECT Id FROM Contact WHERE DAY_ONLY(convertTimezone(CreatedDate)) = TODAY AND Id > '003000000000001'",
    "SELECT Id FROM Contact USING SCOPE mine WHERE Name != 'Çx' WITH USER_MODE FOR VIEW FOR REFERENCE",
    "SELECT toLabel(Name), FORMAT(Score__c) s FROM Contact WHERE Score__c IN (1, -2.5, 3e10) UPDATE TRACKING",
];

const BITS: [&str; 30] = [
    "(",
    ")",
    ",",
    ".",
    "'",
    "\\",
    "%",
    "_",
    ":",
    "=",
    "!=",
    "<",
    ">",
    " NOT ",
    " AND ",
    " OR ",
    " IN ",
    " null ",
    "0",
    "99999999999999999999",
    "-",
    "+",
    "T",
    "Z",
    "é",
    "𝄞",
    "\n",
    " SELECT ",
    " FROM ",
    "2026-02-30",
];

#[test]
fn no_text_makes_the_parser_or_the_evaluator_panic() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let org = Org::new();
    let mut ran = 0;
    for round in 0..20_000 {
        let mut text: Vec<char> = SEEDS[round % SEEDS.len()].chars().collect();
        for _ in 0..random.random_range(0..4) {
            mutate(&mut text, &mut random);
        }
        let text: String = text.into_iter().collect();
        let Ok(query) = parse(&text) else { continue };
        let scope = if random.random_bool(0.5) { Scope::Live } else { Scope::All };
        ran += usize::from(execute(&query, &text, &org, now(), scope, "66.0").is_ok());
    }
    assert!(ran > 1000, "only {ran} statements ran");
}

fn mutate(text: &mut Vec<char>, random: &mut impl Rng) {
    let at = random.random_range(0..=text.len());
    let until = (at + random.random_range(0..12)).min(text.len());
    match random.random_range(0..4) {
        0 => {
            text.drain(at..until);
        }
        1 => {
            let copy: Vec<char> = text[at..until].to_vec();
            text.splice(at..at, copy);
        }
        2 => {
            let bit = BITS[random.random_range(0..BITS.len())];
            text.splice(at..at, bit.chars());
        }
        _ => {
            let other: Vec<char> = SEEDS[random.random_range(0..SEEDS.len())].chars().collect();
            let from = random.random_range(0..other.len());
            let length = random.random_range(0..20).min(other.len() - from);
            text.splice(at..until, other[from..from + length].iter().copied());
        }
    }
}
