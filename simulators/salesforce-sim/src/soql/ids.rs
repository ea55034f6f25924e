//! Record ids: 15 characters where case matters, or 18 where the last three say what the case is.

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// The 15 characters that tell an id from others, or nothing when the text is no id. The case of an
/// 18-character id is put right from its suffix.
pub(super) fn short(text: &str) -> Option<String> {
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    match text.len() {
        15 => Some(text.to_owned()),
        18 => {
            let (id, suffix) = text.split_at(15);
            let mut out = String::with_capacity(15);
            for (chunk, mark) in id.as_bytes().chunks(5).zip(suffix.bytes()) {
                let bits = ALPHABET.iter().position(|c| *c == mark.to_ascii_uppercase())?;
                for (bit, byte) in chunk.iter().enumerate() {
                    let upper = bits & (1 << bit) != 0;
                    if upper && !byte.is_ascii_alphabetic() {
                        return None;
                    }
                    out.push(char::from(if upper {
                        byte.to_ascii_uppercase()
                    } else {
                        byte.to_ascii_lowercase()
                    }));
                }
            }
            Some(out)
        }
        _ => None,
    }
}

/// The 18 characters of an id of 15.
pub(super) fn long(short: &str) -> String {
    let mut out = short.to_owned();
    for chunk in short.as_bytes().chunks(5) {
        let bits = chunk
            .iter()
            .enumerate()
            .fold(0, |bits, (bit, byte)| if byte.is_ascii_uppercase() { bits | (1 << bit) } else { bits });
        out.push(char::from(ALPHABET[bits & 31]));
    }
    out
}

/// The part of a stored id that is compared.
pub(super) fn stored(text: &str) -> &str {
    text.get(..15).unwrap_or(text)
}
