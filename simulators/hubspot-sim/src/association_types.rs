//! The senses in which the platform itself lets records be associated.

use std::sync::LazyLock;

use crate::registry::{
    CALLS, COMMUNICATIONS, COMPANIES, CONTACTS, DEALS, EMAILS, FEEDBACK, LEADS, LINE_ITEMS, MEETINGS, NOTES,
    POSTAL_MAIL, QUOTES, TASKS, TICKETS,
};

/// A sense in which a record of one kind is associated with another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LinkType {
    pub(crate) id: u32,
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// The same association seen from the other side.
    pub(crate) inverse: u32,
    pub(crate) label: Option<&'static str>,
}

/// Two kinds, and the ids of the type without a label in either direction.
static UNLABELLED: &[(usize, usize, u32, u32)] = &[
    (CONTACTS, COMPANIES, 279, 280),
    (CONTACTS, DEALS, 4, 3),
    (DEALS, COMPANIES, 341, 342),
    (CONTACTS, TICKETS, 15, 16),
    (TICKETS, COMPANIES, 339, 340),
    (DEALS, TICKETS, 27, 28),
    (CONTACTS, CONTACTS, 449, 449),
    (COMPANIES, COMPANIES, 450, 450),
    (DEALS, DEALS, 451, 451),
    (TICKETS, TICKETS, 452, 452),
    (DEALS, LINE_ITEMS, 19, 20),
    (DEALS, QUOTES, 63, 64),
    (QUOTES, LINE_ITEMS, 67, 68),
    (QUOTES, CONTACTS, 69, 70),
    (QUOTES, COMPANIES, 71, 72),
    (COMMUNICATIONS, CONTACTS, 81, 82),
    (COMMUNICATIONS, TICKETS, 83, 84),
    (COMMUNICATIONS, DEALS, 85, 86),
    (COMMUNICATIONS, COMPANIES, 87, 88),
    (CONTACTS, FEEDBACK, 97, 98),
    (TICKETS, FEEDBACK, 99, 100),
    (COMPANIES, CALLS, 181, 182),
    (COMPANIES, EMAILS, 185, 186),
    (COMPANIES, MEETINGS, 187, 188),
    (COMPANIES, NOTES, 189, 190),
    (COMPANIES, TASKS, 191, 192),
    (CONTACTS, CALLS, 193, 194),
    (CONTACTS, EMAILS, 197, 198),
    (CONTACTS, MEETINGS, 199, 200),
    (CONTACTS, NOTES, 201, 202),
    (CONTACTS, TASKS, 203, 204),
    (DEALS, CALLS, 205, 206),
    (DEALS, EMAILS, 209, 210),
    (DEALS, MEETINGS, 211, 212),
    (DEALS, NOTES, 213, 214),
    (DEALS, TASKS, 215, 216),
    (QUOTES, TASKS, 217, 218),
    (TICKETS, CALLS, 219, 220),
    (TICKETS, EMAILS, 223, 224),
    (TICKETS, MEETINGS, 225, 226),
    (TICKETS, NOTES, 227, 228),
    (TICKETS, TASKS, 229, 230),
    (CALLS, MEETINGS, 399, 400),
    (POSTAL_MAIL, CONTACTS, 453, 454),
    (POSTAL_MAIL, TICKETS, 455, 456),
    (POSTAL_MAIL, DEALS, 457, 458),
    (POSTAL_MAIL, COMPANIES, 459, 460),
    (LEADS, CONTACTS, 608, 609),
    (LEADS, COMPANIES, 610, 611),
    // assumed: the inverse of a lead's activity has the number before it
    (LEADS, CALLS, 596, 595),
    (LEADS, EMAILS, 598, 597),
    (LEADS, MEETINGS, 600, 599),
    (LEADS, COMMUNICATIONS, 602, 601),
    (LEADS, TASKS, 646, 645),
    (LEADS, NOTES, 854, 853),
];

const PRIMARY: &str = "Primary";

/// Two kinds, the ids in either direction, and the labels.
static LABELLED: &[(usize, usize, u32, u32, &str, &str)] = &[
    (CONTACTS, COMPANIES, 1, 2, PRIMARY, PRIMARY),
    (DEALS, COMPANIES, 5, 6, PRIMARY, PRIMARY),
    (TICKETS, COMPANIES, 26, 25, PRIMARY, PRIMARY),
    (COMPANIES, COMPANIES, 13, 14, "Child Company", "Parent Company"),
    (LEADS, CONTACTS, 578, 579, PRIMARY, PRIMARY),
    (LEADS, COMPANIES, 580, 581, PRIMARY, PRIMARY),
];

static TYPES: LazyLock<Vec<LinkType>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for (from, to, id, inverse) in UNLABELLED.iter().copied() {
        all.push(LinkType { id, from, to, inverse, label: None });
        if id != inverse {
            all.push(LinkType { id: inverse, from: to, to: from, inverse: id, label: None });
        }
    }
    for (from, to, id, inverse, label, back) in LABELLED.iter().copied() {
        all.push(LinkType { id, from, to, inverse, label: Some(label) });
        all.push(LinkType { id: inverse, from: to, to: from, inverse: id, label: Some(back) });
    }
    all
});

/// Every type the platform defines, in both directions.
pub(crate) fn standard() -> &'static [LinkType] {
    &TYPES
}

pub(crate) fn is_primary(id: u32) -> bool {
    matches!(id, 1 | 2 | 5 | 6 | 25 | 26)
}

/// The primary-company type from a kind to companies.
pub(crate) fn primary_type(from: usize) -> Option<u32> {
    let mut all = TYPES.iter();
    all.find(|one| one.from == from && one.to == COMPANIES && is_primary(one.id)).map(|one| one.id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_type_has_one_id_and_an_inverse_that_leads_back() {
        let ids: BTreeSet<u32> = standard().iter().map(|one| one.id).collect();
        assert_eq!(ids.len(), standard().len());
        for one in standard() {
            let back = standard().iter().find(|other| other.id == one.inverse).expect("an inverse");
            assert_eq!((back.from, back.to, back.inverse), (one.to, one.from, one.id));
        }
        assert_eq!(primary_type(CONTACTS), Some(1));
        assert_eq!(primary_type(TICKETS), Some(26));
    }
}
