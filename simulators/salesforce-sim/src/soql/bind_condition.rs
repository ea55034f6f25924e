//! Binds conditions: which comparisons and literals go with which field.

use std::collections::HashSet;

use super::{
    ast::{Condition, Literal, Op, Operand, Query, Set, Wild},
    column::{Env, refused},
    data::FieldKind,
    dates,
    error::{INVALID_QUERY_FILTER_OPERATOR, SoqlError},
    filter::{Source, Test, To},
    ids,
    key::{self, Key, Number},
    run,
};

/// How many subqueries a WHERE may have on the right of IN.
const MOST_SEMI_JOINS: usize = 2;

/// Binds one WHERE or HAVING.
pub(super) struct Conditions<'e, 'a> {
    pub env: &'e Env<'a>,
    /// the object asked, so that a semi-join is not on the same one
    pub object: &'e str,
    /// inside the subquery of an IN
    pub in_semi_join: bool,
    pub semi_joins: usize,
}

impl Conditions<'_, '_> {
    /// Binds a condition; `source` finds what an operand means.
    pub(super) fn bind(
        &mut self,
        condition: &Condition,
        source: &mut dyn FnMut(&Operand) -> Result<Source, SoqlError>,
    ) -> Result<Test, SoqlError> {
        self.nested(condition, true, source)
    }

    fn nested(
        &mut self,
        condition: &Condition,
        top: bool,
        source: &mut dyn FnMut(&Operand) -> Result<Source, SoqlError>,
    ) -> Result<Test, SoqlError> {
        Ok(match condition {
            Condition::And(all) => {
                Test::And(all.iter().map(|one| self.nested(one, top, source)).collect::<Result<_, _>>()?)
            }
            Condition::Or(any) => {
                Test::Or(any.iter().map(|one| self.nested(one, false, source)).collect::<Result<_, _>>()?)
            }
            Condition::Not(one) => Test::Not(Box::new(self.nested(one, false, source)?)),
            Condition::Compare { left, op, right, at } => {
                let source = source(left)?;
                self.compare(source, *op, right, *at)?
            }
            Condition::Like { left, pattern, at } => {
                let source = source(left)?;
                match source.kind() {
                    FieldKind::Text => {}
                    FieldKind::Id | FieldKind::Reference => {
                        return Err(self.operator(*at, "invalid operator on id field"));
                    }
                    _ => return Err(self.operator(*at, "invalid operator")),
                }
                let pattern = if source.case_sensitive() { pattern.clone() } else { folded(pattern) };
                Test::Like { source, pattern }
            }
            Condition::In { left, not, set, at } => {
                let source = source(left)?;
                if source.kind() == FieldKind::Multipicklist {
                    return Err(self.operator(*at, "invalid operator"));
                }
                match set {
                    Set::List(literals) => self.list(source, *not, literals, *at)?,
                    Set::Query(query) => self.semi_join(source, *not, query, top, *at)?,
                }
            }
            Condition::Includes { left, not, values, at } => {
                let source = source(left)?;
                if source.kind() != FieldKind::Multipicklist {
                    return Err(
                        self.operator(*at, "includes or excludes operator only valid on multipicklist field")
                    );
                }
                let values = values
                    .iter()
                    .map(|all| all.split(';').map(|one| key::fold(one.trim())).collect())
                    .collect();
                Test::Includes { source, values, not: *not }
            }
        })
    }

    fn compare(&self, source: Source, op: Op, right: &Literal, at: usize) -> Result<Test, SoqlError> {
        let ordered = matches!(op, Op::Lt | Op::Le | Op::Gt | Op::Ge);
        if ordered && matches!(source.kind(), FieldKind::Boolean | FieldKind::Multipicklist) {
            return Err(self.operator(at, "invalid operator"));
        }
        let to = self.literal(&source, right, at)?;
        Ok(Test::Compare { source, op, to })
    }

    fn list(&self, source: Source, not: bool, literals: &[Literal], at: usize) -> Result<Test, SoqlError> {
        let mut keys = HashSet::with_capacity(literals.len());
        let mut null = false;
        for literal in literals {
            match self.literal(&source, literal, at)? {
                To::Null => null = true,
                To::Key(key) => {
                    keys.insert(key);
                }
                To::Range { .. } => return Err(self.criterion(&source, at)),
            }
        }
        Ok(Test::In { source, keys, null, not })
    }

    fn semi_join(
        &mut self,
        source: Source,
        not: bool,
        query: &Query,
        top: bool,
        at: usize,
    ) -> Result<Test, SoqlError> {
        if self.in_semi_join {
            return Err(refused("Nesting of semi join sub-selects is not supported"));
        }
        if !top {
            return Err(refused(
                "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE \
                 expressions.",
            ));
        }
        self.semi_joins += 1;
        if self.semi_joins > MOST_SEMI_JOINS {
            return Err(refused(format!("Maximum {MOST_SEMI_JOINS} semi join sub-selects are allowed.")));
        }
        if !matches!(source.kind(), FieldKind::Id | FieldKind::Reference) {
            return Err(
                self.operator(at, "semi join sub-selects can only be used on ID and reference fields")
            );
        }
        let keys = run::semi_join(self.env, query, self.object)?;
        Ok(Test::In { source, keys, null: false, not })
    }

    /// The right side in the form the field compares in.
    fn literal(&self, source: &Source, literal: &Literal, at: usize) -> Result<To, SoqlError> {
        Ok(match (source.kind(), literal) {
            (_, Literal::Null) => To::Null,
            (
                FieldKind::Text | FieldKind::Multipicklist | FieldKind::Id | FieldKind::Reference,
                Literal::Text(text),
            ) if text.is_empty() => To::Null,
            (FieldKind::Id | FieldKind::Reference, Literal::Text(text)) => match ids::short(text) {
                Some(id) => To::Key(Key::Text(id)),
                None => return Err(self.operator(at, &format!("invalid ID field: {text}"))),
            },
            (FieldKind::Text | FieldKind::Multipicklist, Literal::Text(text)) => {
                To::Key(Key::Text(if source.case_sensitive() { text.clone() } else { key::fold(text) }))
            }
            (FieldKind::Boolean, Literal::Bool(yes)) => To::Key(Key::Bool(*yes)),
            (FieldKind::Number, Literal::Number(number)) => To::Key(Key::Number(Number(*number))),
            (FieldKind::Date, Literal::Date(day)) => To::Key(Key::Time(dates::ordinal(*day))),
            (FieldKind::DateTime, Literal::DateTime(time)) => To::Key(Key::Time(time.as_millisecond())),
            (kind @ (FieldKind::Date | FieldKind::DateTime), Literal::Span(span)) => {
                let (from, until) = dates::days(*span, self.env.today);
                let key = |day| {
                    Key::Time(match kind {
                        FieldKind::Date => dates::ordinal(day),
                        _ => dates::midnight(day, &self.env.zone),
                    })
                };
                To::Range { from: key(from), until: key(until), to_now: span.first < 0 && span.last == 0 }
            }
            _ => return Err(self.criterion(source, at)),
        })
    }

    fn criterion(&self, source: &Source, at: usize) -> SoqlError {
        let (kind, quotes) = match source.kind() {
            FieldKind::Id | FieldKind::Reference => ("ID", "should be enclosed in quotes"),
            FieldKind::Boolean => ("boolean", "should not be enclosed in quotes"),
            FieldKind::Number => ("double", "should not be enclosed in quotes"),
            FieldKind::Date => ("date", "should not be enclosed in quotes"),
            FieldKind::DateTime => ("dateTime", "should not be enclosed in quotes"),
            FieldKind::Time => ("time", "should not be enclosed in quotes"),
            _ => ("string", "should be enclosed in quotes"),
        };
        let label = source.label();
        let message =
            format!("value of filter criterion for field '{label}' must be of type {kind} and {quotes}");
        SoqlError::field(self.env.text, at, message)
    }

    fn operator(&self, at: usize, message: &str) -> SoqlError {
        SoqlError::at(INVALID_QUERY_FILTER_OPERATOR, self.env.text, at, message)
    }
}

fn folded(pattern: &[Wild]) -> Vec<Wild> {
    pattern
        .iter()
        .flat_map(|wild| match wild {
            // a character may fold to several
            Wild::Char(c) => c.to_lowercase().map(Wild::Char).collect(),
            other => vec![*other],
        })
        .collect()
}
