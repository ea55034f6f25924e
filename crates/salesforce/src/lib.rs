//! Client of the Salesforce APIs.
