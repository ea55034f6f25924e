//! Conditions, operands and literals.

use super::{
    ast::{Aggregate, Call, Condition, DatePart, Function, Literal, Op, Operand, Set},
    dates,
    error::SoqlError,
    lex::Kind,
    literal,
    parse::Parser,
};
use crate::geo;

impl Parser<'_> {
    /// AND and OR do not mix without parentheses.
    pub(super) fn condition(&mut self) -> Result<Condition, SoqlError> {
        let first = self.single()?;
        for (word, other, join) in [
            ("AND", "OR", Condition::And as fn(Vec<Condition>) -> Condition),
            ("OR", "AND", Condition::Or as fn(Vec<Condition>) -> Condition),
        ] {
            if self.is_word(word) {
                let mut all = vec![first];
                while self.eat_word(word) {
                    all.push(self.single()?);
                }
                if self.is_word(other) {
                    return Err(self.unexpected());
                }
                return Ok(join(all));
            }
        }
        Ok(first)
    }

    fn single(&mut self) -> Result<Condition, SoqlError> {
        if self.eat_word("NOT") {
            let inner = self.deeper(Self::single)?;
            return Ok(Condition::Not(Box::new(inner)));
        }
        if self.eat("(") {
            let inner = self.deeper(Self::condition)?;
            self.expect(")")?;
            return Ok(inner);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Condition, SoqlError> {
        let left = self.operand()?;
        let at = self.at();
        if self.eat_word("LIKE") {
            let token = self.take(Kind::Text)?;
            let pattern = literal::pattern(token.text)
                .map_err(|message| SoqlError::malformed(self.text, token.at, message))?;
            return Ok(Condition::Like { left, pattern, at });
        }
        let not = self.eat_word("NOT");
        if self.eat_word("IN") {
            self.expect("(")?;
            let set = match self.subquery()? {
                Some(query) => Set::Query(Box::new(query)),
                None => Set::List(self.list(Self::literal)?),
            };
            self.expect(")")?;
            return Ok(Condition::In { left, not, set, at });
        }
        if not {
            return Err(self.unexpected());
        }
        for (word, not) in [("INCLUDES", false), ("EXCLUDES", true)] {
            if self.eat_word(word) {
                self.expect("(")?;
                let values = self.list(Self::string)?;
                self.expect(")")?;
                return Ok(Condition::Includes { left, not, values, at });
            }
        }
        let op = match self.peek().filter(|token| token.kind == Kind::Symbol).map(|token| token.text) {
            Some("=") => Op::Eq,
            Some("!=" | "<>") => Op::Ne,
            Some("<") => Op::Lt,
            Some("<=") => Op::Le,
            Some(">") => Op::Gt,
            Some(">=") => Op::Ge,
            _ => return Err(self.unexpected()),
        };
        self.step();
        Ok(Condition::Compare { left, op, right: self.literal()?, at })
    }

    /// A field or a function of one.
    pub(super) fn operand(&mut self) -> Result<Operand, SoqlError> {
        if self.peek_at(1).is_none_or(|token| token.text != "(") {
            return self.path().map(Operand::Field);
        }
        self.deeper(Self::call)
    }

    fn call(&mut self) -> Result<Operand, SoqlError> {
        let at = self.at();
        if self.is_word("DISTANCE") {
            return self.distance(at);
        }
        let Some(function) = self.peek().and_then(|token| function(token.text)) else {
            self.step();
            return Err(self.unexpected());
        };
        self.step();
        self.expect("(")?;
        let inner = self.operand()?;
        self.expect(")")?;
        Ok(match (function, inner) {
            (_, Operand::Field(field)) => Operand::Call(Call { function, field, at }),
            // FORMAT(MIN(CloseDate)) is answered as MIN(CloseDate)
            (Function::Same, inner) => inner,
            // CALENDAR_YEAR(convertTimezone(CreatedDate)): dates are always in the user's time zone here
            (_, Operand::Call(Call { function: Function::Same, field, .. })) => {
                Operand::Call(Call { function, field, at })
            }
            (_, inner) => return Err(self.refuse(inner.at())),
        })
    }

    /// `DISTANCE(BillingAddress, GEOLOCATION(52.5, 13.4), 'km')`
    fn distance(&mut self, at: usize) -> Result<Operand, SoqlError> {
        self.step();
        self.expect("(")?;
        let field = self.path()?;
        self.expect(",")?;
        if !self.eat_word("GEOLOCATION") {
            return Err(self.unexpected());
        }
        self.expect("(")?;
        let latitude = self.degrees()?;
        self.expect(",")?;
        let longitude = self.degrees()?;
        self.expect(")")?;
        self.expect(",")?;
        let unit_at = self.at();
        let unit = self.string()?;
        let unit = geo::Unit::named(&unit).ok_or_else(|| {
            SoqlError::malformed(
                self.text,
                unit_at,
                format!("Invalid distance unit: {unit}. Valid units are 'mi' and 'km'"),
            )
        })?;
        self.expect(")")?;
        let function = Function::Distance(geo::Place { latitude, longitude }, unit);
        Ok(Operand::Call(Call { function, field, at }))
    }

    fn degrees(&mut self) -> Result<f64, SoqlError> {
        match self.literal()? {
            Literal::Number(degrees) => Ok(degrees),
            _ => Err(self.unexpected()),
        }
    }

    fn refuse(&self, at: usize) -> SoqlError {
        SoqlError::malformed(self.text, at, "unexpected token: '('")
    }

    fn string(&mut self) -> Result<String, SoqlError> {
        let token = self.take(Kind::Text)?;
        literal::unescape(token.text).map_err(|message| SoqlError::malformed(self.text, token.at, message))
    }

    fn literal(&mut self) -> Result<Literal, SoqlError> {
        let Some(token) = self.peek() else { return Err(self.unexpected()) };
        let refused =
            |what: &str| SoqlError::malformed(self.text, token.at, format!("Invalid {what}: {}", token.text));
        let literal = match token.kind {
            Kind::Text => return self.string().map(Literal::Text),
            Kind::Word => return self.word_literal(),
            Kind::Number => {
                let number = token.text.parse::<f64>().ok().filter(|number| number.is_finite());
                Literal::Number(number.ok_or_else(|| refused("number"))?)
            }
            Kind::Date => Literal::Date(literal::date(token.text).ok_or_else(|| refused("date"))?),
            Kind::DateTime => {
                Literal::DateTime(literal::datetime(token.text).ok_or_else(|| refused("datetime"))?)
            }
            Kind::Symbol => return Err(self.unexpected()),
        };
        self.step();
        Ok(literal)
    }

    fn word_literal(&mut self) -> Result<Literal, SoqlError> {
        for (word, literal) in
            [("null", Literal::Null), ("true", Literal::Bool(true)), ("false", Literal::Bool(false))]
        {
            if self.eat_word(word) {
                return Ok(literal);
            }
        }
        let Some(token) = self.peek() else { return Err(self.unexpected()) };
        let number = self
            .peek_at(1)
            .filter(|colon| colon.text == ":")
            .and_then(|_| self.peek_at(2))
            .and_then(|number| number.text.parse::<u32>().ok());
        let Some(span) = dates::named(token.text, number.map(i64::from)) else {
            return Err(self.unexpected());
        };
        self.step();
        if number.is_some() {
            self.step();
            self.step();
        }
        Ok(Literal::Span(span))
    }
}

fn function(name: &str) -> Option<Function> {
    Some(match name.to_ascii_uppercase().as_str() {
        "COUNT" => Function::Aggregate(Aggregate::Count),
        "COUNT_DISTINCT" => Function::Aggregate(Aggregate::CountDistinct),
        "SUM" => Function::Aggregate(Aggregate::Sum),
        "AVG" => Function::Aggregate(Aggregate::Avg),
        "MIN" => Function::Aggregate(Aggregate::Min),
        "MAX" => Function::Aggregate(Aggregate::Max),
        "GROUPING" => Function::Aggregate(Aggregate::Grouping),
        "CALENDAR_YEAR" | "FISCAL_YEAR" => Function::Date(DatePart::Year),
        "CALENDAR_QUARTER" | "FISCAL_QUARTER" => Function::Date(DatePart::Quarter),
        "CALENDAR_MONTH" | "FISCAL_MONTH" => Function::Date(DatePart::Month),
        "DAY_IN_MONTH" => Function::Date(DatePart::DayInMonth),
        "DAY_IN_WEEK" => Function::Date(DatePart::DayInWeek),
        "DAY_IN_YEAR" => Function::Date(DatePart::DayInYear),
        "DAY_ONLY" => Function::Date(DatePart::DayOnly),
        "HOUR_IN_DAY" => Function::Date(DatePart::Hour),
        "WEEK_IN_MONTH" => Function::Date(DatePart::WeekInMonth),
        "WEEK_IN_YEAR" => Function::Date(DatePart::WeekInYear),
        "TOLABEL" | "FORMAT" | "CONVERTCURRENCY" | "CONVERTTIMEZONE" => Function::Same,
        _ => return None,
    })
}
