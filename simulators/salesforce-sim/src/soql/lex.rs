//! From text to tokens.

use winnow::{
    ModalResult, Parser,
    ascii::{digit0, digit1},
    combinator::{alt, delimited, opt, preceded, repeat},
    token::{any, none_of, one_of, take_while},
};

use super::error::{MALFORMED_QUERY, SoqlError};

/// What sort of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// a keyword or a name
    Word,
    /// a string, quotes included
    Text,
    /// a number
    Number,
    /// `2026-11-24`
    Date,
    /// `2026-11-24T00:00:00Z`
    DateTime,
    /// punctuation
    Symbol,
}

/// A token and its byte offset.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'t> {
    pub kind: Kind,
    pub text: &'t str,
    pub at: usize,
}

/// All tokens of a statement.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, SoqlError> {
    let mut rest = text;
    let mut tokens = Vec::new();
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let Ok((kind, token)) = token.parse_next(&mut rest) else { return Err(refused(text, at, first)) };
        // a time that stops short is no date followed by a name
        if kind == Kind::Date && rest.starts_with(['T', 't']) {
            let seen = rest.find(|c: char| !is_time(c)).unwrap_or(rest.len());
            return Err(no_alternative(text, text.len() - rest.len() + seen));
        }
        tokens.push(Token { kind, text: token, at });
    }
}

fn refused(text: &str, at: usize, first: char) -> SoqlError {
    if first == '\'' {
        let (row, column) = place(text, text.len());
        let message = format!("line {row}:{column} mismatched character '<EOF>' expecting '''");
        return SoqlError::new(MALFORMED_QUERY, message);
    }
    no_alternative(text, at)
}

fn no_alternative(text: &str, at: usize) -> SoqlError {
    let (row, column) = place(text, at);
    let shown = text.get(at..).and_then(|rest| rest.chars().next()).map_or("<EOF>".to_owned(), String::from);
    let message = format!("line {row}:{column} no viable alternative at character '{shown}'");
    SoqlError::malformed(text, at, message)
}

fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
    (before.matches('\n').count() + 1, column)
}

fn is_time(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '+' | '-')
}

fn token<'t>(input: &mut &'t str) -> ModalResult<(Kind, &'t str)> {
    alt((
        word.map(|text| (Kind::Word, text)),
        string.map(|text| (Kind::Text, text)),
        datetime.map(|text| (Kind::DateTime, text)),
        date.map(|text| (Kind::Date, text)),
        number.map(|text| (Kind::Number, text)),
        symbol.map(|text| (Kind::Symbol, text)),
    ))
    .parse_next(input)
}

fn word<'t>(input: &mut &'t str) -> ModalResult<&'t str> {
    (one_of(('a'..='z', 'A'..='Z', '_')), take_while(0.., ('a'..='z', 'A'..='Z', '0'..='9', '_')))
        .take()
        .parse_next(input)
}

fn string<'t>(input: &mut &'t str) -> ModalResult<&'t str> {
    let inside = repeat(0.., alt((none_of(['\'', '\\']).void(), ('\\', any).void()))).map(|()| ());
    delimited('\'', inside, '\'').take().parse_next(input)
}

fn digits<'t>(
    count: usize,
) -> impl Parser<&'t str, &'t str, winnow::error::ErrMode<winnow::error::ContextError>> {
    take_while(count..=count, '0'..='9')
}

fn date<'t>(input: &mut &'t str) -> ModalResult<&'t str> {
    (digits(4), '-', digits(2), '-', digits(2)).take().parse_next(input)
}

fn datetime<'t>(input: &mut &'t str) -> ModalResult<&'t str> {
    let time = (digits(2), ':', digits(2), ':', digits(2), opt(('.', digit1)));
    let offset = (one_of(['+', '-']), digits(2), opt(':'), digits(2));
    (date, one_of(['T', 't']), time, alt((one_of(['Z', 'z']).void(), offset.void()))).take().parse_next(input)
}

fn number<'t>(input: &mut &'t str) -> ModalResult<&'t str> {
    let exponent = (one_of(['e', 'E']), opt(one_of(['+', '-'])), digit1);
    let whole = (digit1, opt(('.', digit0))).void();
    let part = preceded('.', digit1).void();
    (opt(one_of(['+', '-'])), alt((whole, part)), opt(exponent)).take().parse_next(input)
}

fn symbol<'t>(input: &mut &'t str) -> ModalResult<&'t str> {
    let pair = alt(("!=", "<>", "<=", ">="));
    alt((pair, one_of(['(', ')', ',', '.', '=', '<', '>', ':', '*', ';']).take())).parse_next(input)
}
