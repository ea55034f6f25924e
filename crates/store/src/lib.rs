//! What must survive: connections, cursors, marks, links with shadows, intents, history, errors, settings, secrets.
