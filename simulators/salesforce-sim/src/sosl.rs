//! SOSL: what is searched for, and where.

/// A search as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Search {
    pub term: Term,
    pub scope: Scope,
    /// What to answer of which objects; of all that can be searched, the ids, when there are none.
    pub returning: Vec<Returning>,
    pub limit: Option<usize>,
}

/// The fields that are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    All,
    Name,
    Email,
    Phone,
}

impl Scope {
    /// `ALL`, `NAME`, `EMAIL`, `PHONE`, `SIDEBAR`.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "ALL" | "SIDEBAR" => Some(Self::All),
            "NAME" => Some(Self::Name),
            "EMAIL" => Some(Self::Email),
            "PHONE" => Some(Self::Phone),
            _ => None,
        }
    }
}

/// An object of RETURNING.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Returning {
    pub object: String,
    /// The fields, as written; the id when there are none.
    pub fields: String,
    /// What follows them: `WHERE … ORDER BY … LIMIT …`, as written.
    pub rest: String,
}

/// What is searched for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Term {
    /// A word, perhaps with `*` and `?`; in lower case.
    Word(String),
    /// Words in a row.
    Phrase(Vec<String>),
    And(Box<Term>, Box<Term>),
    Or(Box<Term>, Box<Term>),
    AndNot(Box<Term>, Box<Term>),
}

impl Term {
    /// Reads a search term. Words beside each other must all be there.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = TermParser { tokens: tokens(text), next: 0, depth: 0 };
        let term = parser.or()?;
        match parser.tokens.get(parser.next) {
            None => Ok(term),
            Some(token) => Err(format!("unexpected token: {}", shown(token))),
        }
    }

    /// Whether the words of one record answer the search.
    pub fn fits(&self, words: &[String]) -> bool {
        match self {
            Self::Word(pattern) => words.iter().any(|word| like(word, pattern)),
            Self::Phrase(phrase) => words
                .windows(phrase.len().max(1))
                .any(|some| some.iter().zip(phrase).all(|(word, pattern)| like(word, pattern))),
            Self::And(a, b) => a.fits(words) && b.fits(words),
            Self::Or(a, b) => a.fits(words) || b.fits(words),
            Self::AndNot(a, b) => a.fits(words) && !b.fits(words),
        }
    }
}

/// The words of a text, in lower case. A text with marks in it counts as a whole and in parts.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for whole in text.split_whitespace() {
        let whole = whole.to_lowercase();
        let parts: Vec<String> = whole
            .split(|c: char| !c.is_alphanumeric())
            .filter(|part| !part.is_empty())
            .map(ToOwned::to_owned)
            .collect();
        if parts.len() != 1 || parts.first() != Some(&whole) {
            all.extend(parts);
        }
        all.push(whole);
    }
    all
}

/// Whether a word is like a pattern with `*` for anything and `?` for one character.
fn like(word: &str, pattern: &str) -> bool {
    if !pattern.contains(['*', '?']) {
        return word == pattern;
    }
    let (word, pattern): (Vec<char>, Vec<char>) = (word.chars().collect(), pattern.chars().collect());
    let (mut w, mut p) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while w < word.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, w));
                p += 1;
            }
            Some(c) if *c == '?' || word.get(w) == Some(c) => {
                w += 1;
                p += 1;
            }
            _ => match retry {
                Some((after, taken)) => {
                    retry = Some((after, taken + 1));
                    (p, w) = (after, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Phrase(String),
    Open,
    Close,
}

fn shown(token: &Token) -> String {
    match token {
        Token::Word(text) | Token::Phrase(text) => format!("'{text}'"),
        Token::Open => "'('".into(),
        Token::Close => "')'".into(),
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut all = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars();
    let flush = |word: &mut String, all: &mut Vec<Token>| {
        if !word.is_empty() {
            all.push(Token::Word(std::mem::take(word)));
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.extend(chars.next()),
            '"' => {
                flush(&mut word, &mut all);
                let mut phrase = String::new();
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    if c == '\\' {
                        phrase.extend(chars.next());
                    } else {
                        phrase.push(c);
                    }
                }
                all.push(Token::Phrase(phrase));
            }
            '(' | ')' => {
                flush(&mut word, &mut all);
                all.push(if c == '(' { Token::Open } else { Token::Close });
            }
            c if c.is_whitespace() => flush(&mut word, &mut all),
            c => word.push(c),
        }
    }
    flush(&mut word, &mut all);
    all
}

struct TermParser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl TermParser {
    fn is_word(&self, ahead: usize, wanted: &str) -> bool {
        matches!(self.tokens.get(self.next + ahead), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted))
    }

    fn or(&mut self) -> Result<Term, String> {
        let mut term = self.and()?;
        while self.is_word(0, "OR") {
            self.next += 1;
            term = Term::Or(Box::new(term), Box::new(self.and()?));
        }
        Ok(term)
    }

    fn and(&mut self) -> Result<Term, String> {
        let mut term = self.one()?;
        loop {
            let not = self.is_word(0, "NOT") || self.is_word(0, "AND") && self.is_word(1, "NOT");
            if self.is_word(0, "AND") {
                self.next += 1;
            }
            if not {
                self.next += 1;
                term = Term::AndNot(Box::new(term), Box::new(self.one()?));
                continue;
            }
            match self.tokens.get(self.next) {
                None | Some(Token::Close) => return Ok(term),
                Some(_) if self.is_word(0, "OR") => return Ok(term),
                Some(_) => term = Term::And(Box::new(term), Box::new(self.one()?)),
            }
        }
    }

    fn one(&mut self) -> Result<Term, String> {
        let token = self.tokens.get(self.next).cloned().ok_or("unexpected end of the search term")?;
        self.next += 1;
        match token {
            Token::Open if self.depth < 50 => {
                self.depth += 1;
                let term = self.or()?;
                self.depth -= 1;
                match self.tokens.get(self.next) {
                    Some(Token::Close) => self.next += 1,
                    _ => return Err("expecting a right parenthesis".into()),
                }
                Ok(term)
            }
            Token::Open | Token::Close => Err(format!("unexpected token: {}", shown(&token))),
            Token::Phrase(text) => {
                let phrase: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
                match phrase.is_empty() {
                    true => Err("search term must be longer than one character: ".into()),
                    false => Ok(Term::Phrase(phrase)),
                }
            }
            Token::Word(word) => {
                // Search looks at words of two characters at least.
                if word.chars().filter(|c| !matches!(c, '*' | '?')).count() < 2 {
                    return Err(format!("search term must be longer than one character: {word}"));
                }
                Ok(Term::Word(word.to_lowercase()))
            }
        }
    }
}

/// Reads a whole statement: `FIND {…} IN … RETURNING … LIMIT …`.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Search, String> {
    let text = text.trim();
    let rest = after_word(text, "FIND").ok_or_else(|| format!("unexpected token: {}", first_word(text)))?;
    let (term, mut rest) = enclosed(rest)?;
    let term = Term::parse(&term)?;
    let mut search = Search { term, scope: Scope::All, returning: Vec::new(), limit: None };
    if let Some(after) = after_word(rest, "IN") {
        let name = first_word(after);
        search.scope = Scope::named(name).ok_or_else(|| format!("unexpected token: {name}"))?;
        let after = after.trim_start().get(name.len()..).unwrap_or_default();
        rest = after_word(after, "FIELDS").ok_or("expecting FIELDS")?;
    }
    if let Some(after) = after_word(rest, "RETURNING") {
        rest = after;
        loop {
            let object = first_word(rest).to_owned();
            if object.is_empty() {
                return Err("expecting an object after RETURNING".into());
            }
            rest = rest.trim_start().get(object.len()..).unwrap_or_default().trim_start();
            let mut returning = Returning { object, ..Returning::default() };
            if rest.starts_with('(') {
                let (inner, after) = parenthesised(rest)?;
                (returning.fields, returning.rest) = fields_and_rest(inner);
                rest = after.trim_start();
            }
            search.returning.push(returning);
            match rest.strip_prefix(',') {
                Some(after) => rest = after,
                None => break,
            }
        }
    }
    // WITH and UPDATE say nothing about which records are found here.
    while let Some(after) = after_word(rest, "WITH") {
        let end =
            [" LIMIT ", " WITH ", " UPDATE "].iter().filter_map(|word| after.to_uppercase().find(word)).min();
        rest = end.and_then(|end| after.get(end..)).unwrap_or_default();
    }
    if let Some(after) = after_word(rest, "LIMIT") {
        let count = first_word(after);
        search.limit = Some(count.parse().map_err(|_| format!("unexpected token: {count}"))?);
        rest = after.trim_start().get(count.len()..).unwrap_or_default();
    }
    if after_word(rest, "UPDATE").is_some() {
        rest = "";
    }
    match first_word(rest) {
        "" => Ok(search),
        word => Err(format!("unexpected token: {word}")),
    }
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '(' | ',' | ')')).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

fn after_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let text = text.trim_start();
    let rest = text.get(word.len()..)?;
    let same = text.get(..word.len())?.eq_ignore_ascii_case(word);
    let ends = rest.chars().next().is_none_or(|c| !c.is_alphanumeric() && c != '_');
    (same && ends).then_some(rest)
}

/// What stands in braces, and what follows; a backslash takes away what a brace means.
fn enclosed(text: &str) -> Result<(String, &str), String> {
    let inner = text.trim_start().strip_prefix('{');
    let inner = inner.ok_or("No search term found. The search term must be enclosed in braces.")?;
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '}' => {
                let term = inner.get(..at).unwrap_or_default().to_owned();
                return Ok((term, inner.get(at + 1..).unwrap_or_default()));
            }
            _ => {}
        }
    }
    Err("No search term found. The search term must be enclosed in braces.".into())
}

/// What stands in parentheses, and what follows.
fn parenthesised(text: &str) -> Result<(&str, &str), String> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Ok((text.get(1..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default()));
                }
            }
            _ => {}
        }
    }
    Err("expecting a right parenthesis".into())
}

/// The fields, and the clauses after them.
fn fields_and_rest(inner: &str) -> (String, String) {
    const CLAUSES: [&str; 5] = ["WHERE", "ORDER", "LIMIT", "OFFSET", "USING"];
    let starts = |at: usize| {
        let before = inner.get(..at).and_then(|before| before.chars().last()).is_none_or(char::is_whitespace);
        let rest = inner.get(at..).unwrap_or_default();
        before
            && CLAUSES.iter().any(|clause| after_word(rest, clause).is_some_and(|_| !rest.starts_with(' ')))
    };
    let at = inner.char_indices().map(|(at, _)| at).find(|at| starts(*at)).unwrap_or(inner.len());
    (
        inner.get(..at).unwrap_or_default().trim().to_owned(),
        inner.get(at..).unwrap_or_default().trim().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_taken_apart() {
        let text = "FIND {Ada AND \"Love lace\"} IN NAME FIELDS RETURNING Contact(Id, Name WHERE Title = 'a (b) WHERE' \
                    ORDER BY Name LIMIT 3), Account LIMIT 10";
        let search = parse(text).unwrap();
        assert_eq!((search.scope, search.limit), (Scope::Name, Some(10)));
        let contact = &search.returning[0];
        assert_eq!((contact.object.as_str(), contact.fields.as_str()), ("Contact", "Id, Name"));
        assert_eq!(contact.rest, "WHERE Title = 'a (b) WHERE' ORDER BY Name LIMIT 3");
        assert_eq!(search.returning[1], Returning { object: "Account".into(), ..Returning::default() });
        let term = Term::And(
            Box::new(Term::Word("ada".into())),
            Box::new(Term::Phrase(vec!["love".into(), "lace".into()])),
        );
        assert_eq!(search.term, term);
    }

    #[test]
    fn terms_join_and_exclude() {
        let fits = |term: &str, text: &str| Term::parse(term).unwrap().fits(&words(text));
        assert!(fits("ad* OR grace", "Ada Lovelace"));
        assert!(fits("l?velace ada", "Ada Lovelace"));
        assert!(!fits("ada AND NOT lovelace", "Ada Lovelace"));
        assert!(fits("(grace OR ada) AND \"countess of\"", "Ada Countess of Lovelace"));
        assert!(!fits("\"of countess\"", "Ada Countess of Lovelace"));
        assert!(fits("ada@example.org", "Ada ada@example.org"));
        assert!(fits("example", "ada@example.org"));
        assert!(fits("what\\?", "so what?"));
    }

    #[test]
    fn what_is_no_search_is_refused() {
        assert_eq!(parse("FIND {a}"), Err("search term must be longer than one character: a".into()));
        assert!(parse("FIND Ada").is_err());
        assert!(parse("FIND {Ada").is_err());
        assert!(parse("FIND {Ada} RETURNING").is_err());
        assert!(parse("FIND {Ada} IN NOTHING FIELDS").is_err());
        assert!(parse("FIND {Ada} SIDEWAYS").is_err());
        assert!(Term::parse("((ada)").is_err());
        assert!(Term::parse(&"(".repeat(100)).is_err());
    }
}
