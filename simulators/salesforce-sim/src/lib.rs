//! A Salesforce org on loopback: the APIs, and a console to look at and edit records.

pub mod soql;
