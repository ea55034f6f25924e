//! A HubSpot account on loopback: the API, and a console to look at and edit records.
