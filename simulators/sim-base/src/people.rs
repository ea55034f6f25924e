//! Made-up people, as many as wanted: the same number gives the same person.

/// A made-up person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Given name.
    pub first: &'static str,
    /// Family name.
    pub last: &'static str,
    /// An address of their own.
    pub email: String,
    /// A phone number with country code.
    pub phone: String,
    /// A job title.
    pub title: &'static str,
    /// A city.
    pub city: &'static str,
}

const FIRST: [&str; 24] = [
    "Amara",
    "Nils",
    "Chiara",
    "Tomás",
    "Zoë",
    "Łukasz",
    "Søren",
    "Anaïs",
    "Irem",
    "Priya",
    "Kofi",
    "Yara",
    "Ewa",
    "Олена",
    "Νίκος",
    "美咲",
    "志明",
    "지훈",
    "أحمد",
    "דוד",
    "Siobhán",
    "Jürgen",
    "Grace",
    "Linh",
];
const LAST: [&str; 20] = [
    "Okafor",
    "Lindqvist",
    "Rossi",
    "García",
    "van der Berg",
    "Kowalczyk",
    "Sørensen",
    "Lefèvre",
    "Yılmaz",
    "Raman",
    "Mensah",
    "Haddad",
    "Коваленко",
    "Νικολάου",
    "佐藤",
    "陳",
    "김",
    "منصور",
    "O'Neill",
    "Müller",
];
const TITLES: [&str; 6] =
    ["Head of Purchasing", "CFO", "IT Manager", "採購經理", "Leiterin Einkauf", "VP, Operations"];
const CITIES: [&str; 6] = ["Rotterdam", "Łódź", "大阪市", "Αθήνα", "Cork", "Chennai"];

/// Person number `index`; every index has its own email.
#[must_use]
pub fn person(index: usize) -> Person {
    let pick = |list: &[&'static str], step: usize| list.get((index / step + index) % list.len()).copied();
    Person {
        first: pick(&FIRST, 7).unwrap_or("Ada"),
        last: pick(&LAST, 11).unwrap_or("Lovelace"),
        email: format!("person.{index}@company-{}.example", index % 997),
        phone: format!("+31 20 {:07}", index % 10_000_000),
        title: pick(&TITLES, 5).unwrap_or("CFO"),
        city: pick(&CITIES, 3).unwrap_or("Cork"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::person;

    #[test]
    fn every_person_has_an_email_of_their_own() {
        let emails: BTreeSet<String> = (0..20_000).map(|index| person(index).email).collect();
        assert_eq!(emails.len(), 20_000);
        assert_eq!(person(5), person(5));
    }
}
