//! The little of Avro's binary form that events need, to write it and to check what publishers send.

use serde_json::Value;

/// The types that fields of events have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    String,
    Boolean,
    Int,
    Long,
    Double,
}

impl Type {
    /// The type's name in a schema.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Double => "double",
        }
    }
}

/// Whole numbers: small ones take few bytes, whatever their sign.
pub(crate) fn long(out: &mut Vec<u8>, value: i64) {
    let mut rest = (value.wrapping_shl(1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    long(out, i64::try_from(text.len()).unwrap_or(i64::MAX));
    out.extend_from_slice(text.as_bytes());
}

/// One block of all items, and the empty block that ends an array.
pub(crate) fn strings<T: AsRef<str>>(out: &mut Vec<u8>, items: &[T]) {
    if !items.is_empty() {
        long(out, i64::try_from(items.len()).unwrap_or(i64::MAX));
        items.iter().for_each(|item| string(out, item.as_ref()));
    }
    long(out, 0);
}

/// A value of `["null", kind]`; whatever does not fit the type is written as null.
pub(crate) fn nullable(out: &mut Vec<u8>, kind: Type, value: &Value) {
    let at = out.len();
    long(out, 1);
    if !write(out, kind, value) {
        out.truncate(at);
        long(out, 0);
    }
}

/// Writes a value, if it fits the type.
fn write(out: &mut Vec<u8>, kind: Type, value: &Value) -> bool {
    let number = match (kind, value) {
        (_, Value::Null) => None,
        (Type::String, Value::String(text)) => {
            string(out, text);
            return true;
        }
        (Type::String, other) => {
            string(out, &other.to_string());
            return true;
        }
        (Type::Boolean, value) => {
            out.extend(value.as_bool().map(u8::from));
            return value.is_boolean();
        }
        (Type::Double, value) => {
            out.extend(value.as_f64().map(f64::to_le_bytes).into_iter().flatten());
            return value.is_number();
        }
        (Type::Int, value) => {
            let whole = value.as_i64().or_else(|| value.as_f64().map(|number| number as i64));
            whole.filter(|whole| i32::try_from(*whole).is_ok())
        }
        (Type::Long, Value::String(text)) => millis(text),
        (Type::Long, value) => value.as_i64(),
    };
    number.inspect(|number| long(out, *number)).is_some()
}

/// A day, a moment or a time of day, as events count them: milliseconds.
pub(crate) fn millis(text: &str) -> Option<i64> {
    use jiff::civil::{Date, Time};
    if let Ok(moment) = jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text) {
        return Some(moment.as_millisecond());
    }
    if text.len() == 10
        && let Ok(day) = text.parse::<Date>()
    {
        let midnight = day.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?;
        return Some(midnight.timestamp().as_millisecond());
    }
    let time: Time = text.trim_end_matches('Z').parse().ok()?;
    let since = time.duration_since(Time::midnight());
    i64::try_from(since.as_millis()).ok()
}

/// Reads what a publisher sent, and says what is wrong with it.
#[derive(Debug)]
pub(crate) struct Reader<'a>(pub &'a [u8]);

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Option<&[u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn long(&mut self) -> Option<i64> {
        let mut value: u64 = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
            }
        }
        None
    }

    /// Passes over one value of a type; nothing where none is there.
    pub fn pass(&mut self, kind: Type) -> Option<()> {
        match kind {
            Type::String => {
                let length = usize::try_from(self.long()?).ok()?;
                std::str::from_utf8(self.take(length)?).ok().map(drop)
            }
            Type::Boolean => self.take(1).filter(|byte| byte.first().is_some_and(|byte| *byte < 2)).map(drop),
            Type::Int => i32::try_from(self.long()?).ok().map(drop),
            Type::Long => self.long().map(drop),
            Type::Double => self.take(8).map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bytes(value: i64) -> Vec<u8> {
        let mut out = Vec::new();
        long(&mut out, value);
        out
    }

    #[test]
    fn whole_numbers_are_written_zigzag_in_sevens_and_read_back() {
        assert_eq!(bytes(0), [0]);
        assert_eq!(bytes(-1), [1]);
        assert_eq!(bytes(64), [0x80, 0x01]);
        for value in [0, 1, -1, 63, 64, -65, 1_719_705_600_000, i64::MAX, i64::MIN] {
            assert_eq!(Reader(&bytes(value)).long(), Some(value), "{value}");
        }
        assert_eq!(Reader(&[0x80; 11]).long(), None);
    }

    #[test]
    fn days_moments_and_times_are_milliseconds() {
        assert_eq!(millis("2024-06-30"), Some(1_719_705_600_000));
        assert_eq!(millis("2024-06-30T00:00:01.000+0000"), Some(1_719_705_601_000));
        assert_eq!(millis("01:00:00.000Z"), Some(3_600_000));
        assert_eq!(millis("soon"), None);
    }

    #[test]
    fn what_does_not_fit_is_null() {
        let mut out = Vec::new();
        nullable(&mut out, Type::Int, &json!("five"));
        nullable(&mut out, Type::Boolean, &json!(true));
        assert_eq!(out, [0, 2, 1]);
    }
}
