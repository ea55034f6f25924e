//! Keeping HubSpot's rate limits.
