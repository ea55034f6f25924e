//! Literals: strings with escapes, LIKE patterns, dates and times.

use jiff::{Timestamp, civil::Date};

use super::ast::Wild;

/// The characters of a string between its quotes, or the escape that is none.
pub(super) fn unescape(quoted: &str) -> Result<String, String> {
    let mut out = String::with_capacity(quoted.len());
    each(quoted, |piece| {
        match piece {
            Piece::Char(c) | Piece::Escaped(c) => out.push(c),
            // outside of LIKE the backslash before a wildcard says nothing
            Piece::Wild(c) => out.push(c),
        }
    })?;
    Ok(out)
}

/// A LIKE pattern, in lower case when case does not matter (which is decided when the field is known).
pub(super) fn pattern(quoted: &str) -> Result<Vec<Wild>, String> {
    let mut out = Vec::new();
    each(quoted, |piece| {
        out.push(match piece {
            Piece::Char('%') => Wild::Any,
            Piece::Char('_') => Wild::One,
            Piece::Char(c) | Piece::Escaped(c) | Piece::Wild(c) => Wild::Char(c),
        });
    })?;
    // runs of % say no more than one
    out.dedup_by(|a, b| *a == Wild::Any && *b == Wild::Any);
    Ok(out)
}

enum Piece {
    Char(char),
    Escaped(char),
    /// `\%` and `\_`
    Wild(char),
}

fn each(quoted: &str, mut push: impl FnMut(Piece)) -> Result<(), String> {
    let inner = quoted.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(quoted);
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            push(Piece::Char(c));
            continue;
        }
        let escape = chars.next().unwrap_or('\\');
        push(match escape {
            'n' | 'N' => Piece::Escaped('\n'),
            'r' | 'R' => Piece::Escaped('\r'),
            't' | 'T' => Piece::Escaped('\t'),
            'b' | 'B' => Piece::Escaped('\u{8}'),
            'f' | 'F' => Piece::Escaped('\u{c}'),
            '"' | '\'' | '\\' => Piece::Escaped(escape),
            '%' | '_' => Piece::Wild(escape),
            'u' | 'U' => {
                let hex: String = chars.by_ref().take(4).collect();
                let code = u32::from_str_radix(&hex, 16).ok().filter(|_| hex.len() == 4);
                Piece::Escaped(code.and_then(char::from_u32).ok_or_else(|| illegal(inner, escape))?)
            }
            other => return Err(illegal(inner, other)),
        });
    }
    Ok(())
}

fn illegal(inner: &str, escape: char) -> String {
    format!("Invalid string literal '{inner}'. Illegal character sequence '\\{escape}' in string literal.")
}

/// `2026-11-24`.
pub(super) fn date(text: &str) -> Option<Date> {
    let year = text.get(0..4)?.parse().ok()?;
    let month = text.get(5..7)?.parse().ok()?;
    let day = text.get(8..10)?.parse().ok()?;
    Date::new(year, month, day).ok()
}

/// `2026-11-24T00:00:00.000+01:00`, also without the colon, also `Z`.
pub(super) fn datetime(text: &str) -> Option<Timestamp> {
    let millis = super::dates::millis(text)?;
    // the last hours of the calendar stand for "ever", so they stop at its end
    let end = if millis < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Some(Timestamp::from_millisecond(millis).unwrap_or(end))
}

/// Whether the text is like the pattern; both already folded where case does not matter.
pub(super) fn is_like(text: &str, pattern: &[Wild]) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut t, mut p) = (0, 0);
    // where the last % stands, and how much of the text it took
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(Wild::Any) => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(Wild::One) => {
                t += 1;
                p += 1;
            }
            Some(Wild::Char(c)) if *c == text[t] => {
                t += 1;
                p += 1;
            }
            _ => match retry {
                Some((after, taken)) => {
                    retry = Some((after, taken + 1));
                    p = after;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|wild| *wild == Wild::Any)
}
