//! A scripted Salesforce.
