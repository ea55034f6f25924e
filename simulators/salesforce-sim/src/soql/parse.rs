//! From tokens to a statement.

use super::{
    ast::{FieldSet, Name, Order, Path, Query, SelectItem, Subtotals, TypeOf},
    error::{MALFORMED_QUERY, NUMBER_OUTSIDE_VALID_RANGE, SoqlError},
    lex::{Kind, Token, tokens},
};

/// The longest statement.
const LONGEST: usize = 100_000;
/// The largest OFFSET.
const FURTHEST: usize = 2000;
/// How deep parentheses, NOTs and subqueries may nest; keeps the stack small.
const DEEPEST: usize = 60;

/// Words that end a list instead of naming something.
const RESERVED: [&str; 22] = [
    "FROM", "WHERE", "USING", "WITH", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "ALL", "UPDATE",
    "AS", "AND", "OR", "NOT", "IN", "LIKE", "ASC", "DESC", "NULLS", "SELECT",
];

/// Parses a statement.
pub(super) fn statement(text: &str) -> Result<Query, SoqlError> {
    if text.chars().nth(LONGEST).is_some() {
        return Err(SoqlError::new(
            MALFORMED_QUERY,
            format!("SOQL statement is too long: the maximum length is {LONGEST} characters"),
        ));
    }
    let mut parser = Parser { text, tokens: tokens(text)?, next: 0, depth: 0 };
    let query = parser.query()?;
    if parser.peek().is_some() {
        return Err(parser.unexpected());
    }
    Ok(query)
}

pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    tokens: Vec<Token<'t>>,
    next: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn query(&mut self) -> Result<Query, SoqlError> {
        self.deeper(Self::query_here)
    }

    fn query_here(&mut self) -> Result<Query, SoqlError> {
        self.expect_word("SELECT")?;
        let select = self.list(Self::select_item)?;
        self.expect_word("FROM")?;
        let from = self.name()?;
        let alias = self.alias();
        let mut parents = Vec::new();
        while self.eat(",") {
            let path = self.path()?;
            self.eat_word("AS");
            parents.push((path, self.name()?.text));
        }
        let mut scope = None;
        if self.eat_word("USING") {
            self.expect_word("SCOPE")?;
            scope = Some(self.name()?);
        }
        let filter = if self.eat_word("WHERE") { Some(self.condition()?) } else { None };
        self.with()?;
        let mut group_by = Vec::new();
        let mut subtotals = Subtotals::None;
        let mut having = None;
        if self.eat_word("GROUP") {
            self.expect_word("BY")?;
            subtotals = match () {
                () if self.calls("ROLLUP") => Subtotals::Rollup,
                () if self.calls("CUBE") => Subtotals::Cube,
                () => Subtotals::None,
            };
            if subtotals == Subtotals::None {
                group_by = self.list(Self::operand)?;
            } else {
                self.next += 2;
                group_by = self.list(Self::operand)?;
                self.expect(")")?;
            }
        }
        if self.eat_word("HAVING") {
            having = Some(self.condition()?);
        }
        let mut order_by = Vec::new();
        if self.eat_word("ORDER") {
            self.expect_word("BY")?;
            order_by = self.list(Self::order)?;
        }
        let limit = if self.eat_word("LIMIT") { Some(self.count()?) } else { None };
        let offset = if self.eat_word("OFFSET") { self.count()? } else { 0 };
        if offset > FURTHEST {
            return Err(SoqlError::new(
                NUMBER_OUTSIDE_VALID_RANGE,
                format!("Maximum SOQL offset allowed is {FURTHEST}"),
            ));
        }
        let all_rows = self.endings()?;
        Ok(Query {
            select,
            from,
            alias,
            parents,
            filter,
            group_by,
            subtotals,
            scope,
            having,
            order_by,
            limit,
            offset,
            all_rows,
        })
    }

    /// `WITH SECURITY_ENFORCED`, `WITH USER_MODE`: who may see what is not the evaluator's business.
    fn with(&mut self) -> Result<(), SoqlError> {
        if !self.eat_word("WITH") {
            return Ok(());
        }
        if ["SECURITY_ENFORCED", "USER_MODE", "SYSTEM_MODE"].iter().any(|word| self.eat_word(word)) {
            return Ok(());
        }
        Err(self.unexpected())
    }

    /// What may follow: FOR .., ALL ROWS, UPDATE TRACKING. Answers whether deleted rows are wanted.
    fn endings(&mut self) -> Result<bool, SoqlError> {
        let mut all_rows = false;
        loop {
            if self.eat_word("FOR") {
                if !["VIEW", "REFERENCE", "UPDATE"].iter().any(|word| self.eat_word(word)) {
                    return Err(self.unexpected());
                }
            } else if self.eat_word("ALL") {
                self.expect_word("ROWS")?;
                all_rows = true;
            } else if self.eat_word("UPDATE") {
                self.list(Self::name)?;
            } else {
                return Ok(all_rows);
            }
        }
    }

    fn select_item(&mut self) -> Result<SelectItem, SoqlError> {
        let at = self.at();
        if self.eat("(") {
            let query = self.query()?;
            self.expect(")")?;
            return Ok(SelectItem::Children(Box::new(query)));
        }
        if self.is_word("TYPEOF") && self.peek_at(1).is_some_and(|token| token.kind == Kind::Word) {
            return self.type_of();
        }
        if self.calls("COUNT") && self.peek_at(2).is_some_and(|token| token.text == ")") {
            self.next += 3;
            return Ok(SelectItem::Count { at });
        }
        if self.calls("FIELDS") {
            self.next += 2;
            let set = match () {
                () if self.eat_word("ALL") => FieldSet::All,
                () if self.eat_word("STANDARD") => FieldSet::Standard,
                () if self.eat_word("CUSTOM") => FieldSet::Custom,
                () => return Err(self.unexpected()),
            };
            self.expect(")")?;
            return Ok(SelectItem::Fields { set, at });
        }
        let operand = self.operand()?;
        Ok(SelectItem::Value { operand, alias: self.alias() })
    }

    fn type_of(&mut self) -> Result<SelectItem, SoqlError> {
        self.expect_word("TYPEOF")?;
        let relationship = self.path()?;
        let mut when = Vec::new();
        while self.eat_word("WHEN") {
            let object = self.name()?;
            self.expect_word("THEN")?;
            when.push((object, self.list(Self::path)?));
        }
        let otherwise = if self.eat_word("ELSE") { self.list(Self::path)? } else { Vec::new() };
        if when.is_empty() {
            return Err(self.unexpected());
        }
        self.expect_word("END")?;
        Ok(SelectItem::TypeOf(TypeOf { relationship, when, otherwise }))
    }

    fn order(&mut self) -> Result<Order, SoqlError> {
        let by = self.operand()?;
        let descending = if self.eat_word("DESC") {
            true
        } else {
            self.eat_word("ASC");
            false
        };
        let mut nulls_first = !descending;
        if self.eat_word("NULLS") {
            nulls_first = self.eat_word("FIRST");
            if !nulls_first {
                self.expect_word("LAST")?;
            }
        }
        Ok(Order { by, descending, nulls_first })
    }

    /// `Account.Name`.
    pub(super) fn path(&mut self) -> Result<Path, SoqlError> {
        let Name { text, at } = self.name()?;
        let mut parts = vec![text];
        while self.eat(".") {
            parts.push(self.name()?.text);
        }
        Ok(Path { parts, at })
    }

    pub(super) fn name(&mut self) -> Result<Name, SoqlError> {
        let token = self.take(Kind::Word)?;
        Ok(Name { text: token.text.to_owned(), at: token.at })
    }

    fn alias(&mut self) -> Option<String> {
        if self.eat_word("AS") {
            return self.name().ok().map(|name| name.text);
        }
        let token = self.peek().filter(|token| token.kind == Kind::Word)?;
        if RESERVED.iter().any(|word| token.text.eq_ignore_ascii_case(word)) {
            return None;
        }
        self.next += 1;
        Some(token.text.to_owned())
    }

    fn count(&mut self) -> Result<usize, SoqlError> {
        let token = self.peek();
        match token.and_then(|token| token.text.parse().ok().map(|count| (token, count))) {
            Some((token, count)) if token.kind == Kind::Number => {
                self.next += 1;
                Ok(count)
            }
            _ => Err(self.unexpected()),
        }
    }

    /// One or more, with commas between.
    pub(super) fn list<T>(
        &mut self,
        one: impl Fn(&mut Self) -> Result<T, SoqlError>,
    ) -> Result<Vec<T>, SoqlError> {
        let mut all = vec![one(self)?];
        while self.eat(",") {
            all.push(one(self)?);
        }
        Ok(all)
    }

    /// A subquery, when one begins here.
    pub(super) fn subquery(&mut self) -> Result<Option<Query>, SoqlError> {
        if self.is_word("SELECT") { self.query().map(Some) } else { Ok(None) }
    }

    /// Goes one level down, as long as there are levels.
    pub(super) fn deeper<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, SoqlError>,
    ) -> Result<T, SoqlError> {
        if self.depth >= DEEPEST {
            return Err(SoqlError::new(
                "QUERY_TOO_COMPLICATED",
                "Query is either selecting too many fields or the filter conditions are too complicated.",
            ));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    pub(super) fn peek(&self) -> Option<Token<'t>> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<Token<'t>> {
        self.tokens.get(self.next + ahead).copied()
    }

    /// Steps over the token [`Self::peek`] showed.
    pub(super) fn step(&mut self) {
        self.next += 1;
    }

    /// Where the next token stands.
    pub(super) fn at(&self) -> usize {
        self.peek().map_or(self.text.len(), |token| token.at)
    }

    pub(super) fn take(&mut self, kind: Kind) -> Result<Token<'t>, SoqlError> {
        match self.peek() {
            Some(token) if token.kind == kind => {
                self.next += 1;
                Ok(token)
            }
            _ => Err(self.unexpected()),
        }
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| token.kind == Kind::Word && token.text.eq_ignore_ascii_case(word))
    }

    /// Whether a call of that function begins here.
    fn calls(&self, function: &str) -> bool {
        self.is_word(function) && self.peek_at(1).is_some_and(|token| token.text == "(")
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.next += usize::from(found);
        found
    }

    fn expect_word(&mut self, word: &str) -> Result<(), SoqlError> {
        if self.eat_word(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    pub(super) fn is(&self, symbol: &str) -> bool {
        self.peek().is_some_and(|token| token.kind == Kind::Symbol && token.text == symbol)
    }

    pub(super) fn eat(&mut self, symbol: &str) -> bool {
        let found = self.is(symbol);
        self.next += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, symbol: &str) -> Result<(), SoqlError> {
        if self.eat(symbol) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// The refusal of the next token.
    pub(super) fn unexpected(&self) -> SoqlError {
        let shown = self.peek().map_or("<EOF>", |token| token.text.trim_matches('\''));
        SoqlError::malformed(self.text, self.at(), format!("unexpected token: '{shown}'"))
    }
}
