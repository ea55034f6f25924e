//! Ids.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The id of a connection: one HubSpot account with one Salesforce org.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(String);

impl ConnectionId {
    /// The id `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The 18-character form of a Salesforce record id: a 15-character one gets its check characters, an 18-character one
/// stays. Nothing where the text is no record id.
///
/// Each check character says which of five characters are capitals: bit *i* is set where character *i* is one, and the
/// five bits number a character of `A`–`Z`, `0`–`5`.
#[must_use]
pub fn salesforce_id_18(id: &str) -> Option<String> {
    const CHECK: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let head = id.get(..15).filter(|_| plain && matches!(id.len(), 15 | 18))?;
    let check = head.as_bytes().chunks(5).map(|five| {
        let bits = five.iter().enumerate().filter(|(_, byte)| byte.is_ascii_uppercase());
        let number = bits.fold(0_usize, |number, (at, _)| number | 1 << at);
        CHECK.get(number).copied().map_or('A', char::from)
    });
    let full: String = head.chars().chain(check).collect();
    (id.len() == 15 || full == id).then_some(full)
}

#[cfg(test)]
mod tests {
    use super::salesforce_id_18;

    #[test]
    fn check_characters_tell_capitals() {
        assert_eq!(salesforce_id_18("001D000000IRFma").as_deref(), Some("001D000000IRFmaIAH"));
        assert_eq!(salesforce_id_18("001D000000IRFmaIAH").as_deref(), Some("001D000000IRFmaIAH"));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in ["", "001D000000IRFmaXXX", "001D", "001D000000IRFm!", "日本語日本語日本語日本語日本語"]
        {
            assert_eq!(salesforce_id_18(text), None, "{text}");
        }
    }
}
