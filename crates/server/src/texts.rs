//! What the pages say, in English and in Traditional Chinese: one catalogue for each language, in `locales/`.
//!
//! A key begins with the name of the file that holds it. `tests/texts.rs` sees to it that every key that is used is in both
//! catalogues, and that none is left over.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader, langid, static_loader};
use jiff::Timestamp;

use crate::cookie;

static_loader! {
    static CATALOGUES = {
        locales: "./locales",
        fallback_language: "en",
        customise: |bundle| {
            // The marks would be copied along with the names and addresses between them.
            bundle.set_use_isolating(false);
            bundle.set_formatter(Some(|value, _| match value {
                FluentValue::Number(number) if number.value.fract() == 0.0 => Some(grouped(number.value)),
                _ => None,
            }));
        },
    };
}

/// The cookie that keeps a chosen language.
pub const COOKIE: &str = "tandem_language";

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Traditional Chinese, as written in Taiwan.
    Chinese,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// The name for browsers and cookies.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-TW",
        }
    }

    /// What those who speak it call it.
    #[must_use]
    pub fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "繁體中文",
        }
    }

    /// The language with this name.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The language that was chosen, else the one the browser likes best, else English.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        if let Some(chosen) = cookie::value(headers, COOKIE).and_then(|tag| Self::parse(&tag)) {
            return chosen;
        }
        let liked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut best = (Self::English, 0.0);
        for choice in liked.split(',') {
            let mut parts = choice.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight: f32 = parts
                .find_map(|part| part.strip_prefix("q="))
                .and_then(|weight| weight.parse().ok())
                .unwrap_or(1.0);
            let language = match tag.split('-').next() {
                Some("zh") => Self::Chinese,
                Some("en") => Self::English,
                _ => continue,
            };
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }

    fn id(self) -> LanguageIdentifier {
        match self {
            Self::English => langid!("en"),
            Self::Chinese => langid!("zh-TW"),
        }
    }
}

/// The texts in one language. Templates have them as `t`: `{{ t.get("health-title") }}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Texts(pub Language);

impl Texts {
    /// The text under `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> String {
        CATALOGUES.lookup(&self.0.id(), key)
    }

    /// Whether there is a text under `key`.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        CATALOGUES.try_lookup(&self.0.id(), key).is_some()
    }

    /// The text under `key` with a value in the place of `{ $name }`.
    #[must_use]
    pub fn with(&self, key: &str, name: &'static str, value: impl Argument) -> String {
        self.all(key, [(name, value.value())])
    }

    /// The text under `key` with two values.
    #[must_use]
    pub fn with2(
        &self,
        key: &str,
        name: &'static str,
        value: impl Argument,
        name2: &'static str,
        value2: impl Argument,
    ) -> String {
        self.all(key, [(name, value.value()), (name2, value2.value())])
    }

    /// The text under `key` with any number of values.
    #[must_use]
    pub fn all<const N: usize>(
        &self,
        key: &str,
        values: [(&'static str, FluentValue<'static>); N],
    ) -> String {
        let values: HashMap<Cow<'static, str>, FluentValue<'_>> =
            values.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect();
        CATALOGUES.lookup_with_args(&self.0.id(), key, &values)
    }

    /// The language's name for browsers.
    #[must_use]
    pub fn tag(&self) -> &'static str {
        self.0.tag()
    }

    /// A number as people write it: 1,204.
    #[must_use]
    pub fn number(&self, number: &u64) -> String {
        #[allow(clippy::cast_precision_loss, reason = "nobody counts that far")]
        grouped(*number as f64)
    }

    /// A moment, which the browser shows in the reader's time zone where it may run scripts.
    #[must_use]
    pub fn time(&self, at: &Timestamp) -> Moment {
        Moment(*at)
    }

    /// How long ago a moment was.
    #[must_use]
    pub fn ago(&self, at: &Timestamp, now: &Timestamp) -> String {
        let seconds = now.as_second().saturating_sub(at.as_second()).max(0);
        match seconds {
            0..60 => self.with("layout-ago-seconds", "count", seconds),
            60..3_600 => self.with("layout-ago-minutes", "count", seconds / 60),
            3_600..172_800 => self.with("layout-ago-hours", "count", seconds / 3_600),
            _ => self.with("layout-ago-days", "count", seconds / 86_400),
        }
    }
}

/// A moment as markup.
#[derive(Debug, Clone, Copy)]
pub struct Moment(Timestamp);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.strftime("%Y-%m-%d %H:%M:%S");
        write!(f, "<time datetime=\"{}\">{seconds} UTC</time>", self.0)
    }
}

// It holds digits only.
impl askama::filters::HtmlSafe for Moment {}

/// What may stand in a text.
pub trait Argument {
    /// As the catalogue takes it.
    fn value(&self) -> FluentValue<'static>;
}

impl<T: Argument + ?Sized> Argument for &T {
    fn value(&self) -> FluentValue<'static> {
        (**self).value()
    }
}

impl Argument for str {
    fn value(&self) -> FluentValue<'static> {
        FluentValue::from(self.to_owned())
    }
}

impl Argument for String {
    fn value(&self) -> FluentValue<'static> {
        FluentValue::from(self.clone())
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl Argument for $number {
            fn value(&self) -> FluentValue<'static> {
                FluentValue::from(*self)
            }
        })*
    };
}
numbers!(u8 u16 u32 u64 usize i32 i64 f64);

/// With a comma after each three digits, as both languages have it.
fn grouped(number: f64) -> String {
    let plain = format!("{number:.0}");
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |digits| ("-", digits));
    let mut text = sign.to_owned();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn liked(header: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, header.parse().unwrap());
        Language::of(&headers)
    }

    #[test]
    fn the_language_that_the_browser_likes_best_is_taken() {
        assert_eq!(liked("zh-TW,zh;q=0.9,en;q=0.8"), Language::Chinese);
        assert_eq!(liked("de,en;q=0.8,zh-Hant;q=0.9"), Language::Chinese);
        assert_eq!(liked("en-GB,zh;q=0.9"), Language::English);
        assert_eq!(liked("nl"), Language::English);
        assert_eq!(Language::of(&HeaderMap::new()), Language::English);
    }

    #[test]
    fn a_chosen_language_comes_before_the_browsers() {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, "en".parse().unwrap());
        headers.insert(axum::http::header::COOKIE, "a=b; tandem_language=zh-TW".parse().unwrap());
        assert_eq!(Language::of(&headers), Language::Chinese);
    }

    #[test]
    fn numbers_are_grouped_in_texts() {
        let t = Texts(Language::English);
        assert_eq!(t.number(&1_234_567), "1,234,567");
        assert_eq!(t.with("layout-ago-days", "count", 1_204), "1,204 days ago");
        assert_eq!(t.with("layout-ago-days", "count", 1), "1 day ago");
    }
}
