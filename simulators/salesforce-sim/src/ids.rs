//! Record ids: 15 characters that tell capitals apart, and 3 more that say where the capitals are.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHECK: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// The id of record number `number` of the object with this key prefix. Later numbers give greater ids.
pub(crate) fn make(prefix: &str, number: u64) -> String {
    let mut tail = [b'0'; 9];
    let mut rest = number;
    for digit in tail.iter_mut().rev() {
        *digit = DIGITS.get((rest % 62) as usize).copied().unwrap_or(b'0');
        rest /= 62;
    }
    let mut id = String::with_capacity(18);
    id.push_str(prefix);
    id.push_str("5g0");
    id.extend(tail.iter().map(|byte| char::from(*byte)));
    with_check(id)
}

/// The number of a record that this org made, by its id of 15 or 18 characters.
pub(crate) fn number(prefix: &str, id: &str) -> Option<u64> {
    let tail = id.strip_prefix(prefix)?.strip_prefix("5g0")?.get(..9)?;
    if id.len() != 18 && id.len() != 15 {
        return None;
    }
    tail.bytes().try_fold(0_u64, |number, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'a'..=b'z' => byte - b'a' + 36,
            _ => return None,
        };
        number.checked_mul(62)?.checked_add(u64::from(digit))
    })
}

fn with_check(mut id: String) -> String {
    for from in [0, 5, 10] {
        let five = id.bytes().skip(from).take(5).enumerate();
        let bits = five.fold(0_usize, |bits, (at, byte)| bits | usize::from(byte.is_ascii_uppercase()) << at);
        id.push(CHECK.get(bits).copied().map_or('A', char::from));
    }
    id
}

/// The 18-character form of what may be an id; nothing where it is none, or its check characters are wrong.
pub(crate) fn normal(id: &str) -> Option<String> {
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let full = with_check(id.get(..15)?.to_owned());
    match id.len() {
        15 => Some(full),
        // Salesforce takes check characters in any case.
        18 if full.eq_ignore_ascii_case(id) && full.get(..15) == id.get(..15) => Some(full),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_ids_have_18_characters_and_pass_their_own_check() {
        for number in [1, 61, 62, 3_843, 916_132_832] {
            let id = make("003", number);
            assert_eq!(id.len(), 18);
            assert_eq!(super::number("003", &id), Some(number));
            assert_eq!(normal(&id).as_deref(), Some(id.as_str()));
            assert_eq!(normal(id.get(..15).unwrap()).as_deref(), Some(id.as_str()));
        }
        assert!(make("003", 61) < make("003", 62));
    }

    #[test]
    fn a_wrong_check_character_is_no_id() {
        assert_eq!(normal("001D000000IRFmaIAH").as_deref(), Some("001D000000IRFmaIAH"));
        assert_eq!(normal("001D000000IRFmaIAX"), None);
        assert_eq!(normal("001"), None);
    }
}
