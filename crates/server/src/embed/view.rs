//! What the window can show, and the page of a window that does not open.

use askama::Template;

use crate::assets;
use crate::texts::Texts;

/// A view of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// Engagements, newest first.
    Timeline,
    /// Associated records.
    Associations,
    /// Former values of properties.
    History,
    /// Sequences and workflows.
    Enroll,
}

impl View {
    pub const ALL: [Self; 4] = [Self::Timeline, Self::Associations, Self::History, Self::Enroll];

    /// Its name in forms and texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeline => "timeline",
            Self::Associations => "associations",
            Self::History => "history",
            Self::Enroll => "enroll",
        }
    }

    /// The view of that name; the timeline where there is none.
    pub fn parse(name: &str) -> Self {
        Self::ALL.into_iter().find(|view| view.as_str() == name).unwrap_or(Self::Timeline)
    }
}

/// Why the window does not open.
#[derive(Template)]
#[template(path = "embed/closed.html")]
pub(super) struct Closed {
    pub t: Texts,
    /// The last part of the text's key.
    pub why: &'static str,
    /// Whether the page around it is asked for a new token.
    pub renew: bool,
}

impl Closed {
    fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    fn text(&self) -> String {
        self.t.get(&format!("embed-closed-{}", self.why))
    }
}
