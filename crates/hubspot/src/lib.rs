//! Client of the HubSpot API.
