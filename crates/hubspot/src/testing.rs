//! A scripted HubSpot.
