//! How the platform signs what it sends.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Version 1: over the secret and the body.
pub(crate) fn v1(secret: &str, body: &str) -> String {
    hex(&Sha256::digest(format!("{secret}{body}")))
}

/// Version 2: over the secret, the method, the address and the body.
pub(crate) fn v2(secret: &str, method: &str, url: &str, body: &str) -> String {
    hex(&Sha256::digest(format!("{secret}{method}{url}{body}")))
}

/// Version 3: keyed by the secret, over the method, the address, the body and the moment in milliseconds.
pub(crate) fn v3(secret: &str, method: &str, url: &str, body: &str, timestamp: i64) -> String {
    let source = format!("{method}{}{body}{timestamp}", plain(url));
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(source.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The address with those escapes undone that version 3 wants undone.
fn plain(url: &str) -> String {
    const UNDONE: [(&str, &str); 12] = [
        ("%3A", ":"),
        ("%2F", "/"),
        ("%3F", "?"),
        ("%40", "@"),
        ("%21", "!"),
        ("%24", "$"),
        ("%27", "'"),
        ("%28", "("),
        ("%29", ")"),
        ("%2A", "*"),
        ("%2C", ","),
        ("%3B", ";"),
    ];
    let mut plain = url.to_owned();
    for (escape, character) in UNDONE {
        plain = plain.replace(escape, character).replace(&escape.to_lowercase(), character);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy";
    const URL: &str = "https://www.example.com/webhook_uri";

    #[test]
    fn the_published_vectors_hold() {
        let body = r#"{"example_field":"example_value"}"#;
        assert_eq!(
            v2(SECRET, "POST", URL, body),
            "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900"
        );
        let body = "{'example_field':'example_value'}";
        assert_eq!(
            v3(SECRET, "POST", URL, body, 1_693_657_560_000),
            "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="
        );
    }

    #[test]
    fn only_the_named_escapes_are_undone() {
        assert_eq!(plain("https://a.example/x%3Fy%20z%26%2c"), "https://a.example/x?y%20z%26,");
    }
}
