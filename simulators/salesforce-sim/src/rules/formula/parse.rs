//! Reading formulas.

use super::{Expr, Op, Val, functions};

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(String),
    Text(String),
    Name(String),
    Sign(&'static str),
}

/// Longer signs before their beginnings.
const SIGNS: [&str; 20] = [
    "&&", "||", "==", "!=", "<>", "<=", ">=", "=", "<", ">", "+", "-", "*", "/", "^", "&", "!", "(", ")", ",",
];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        } else if first == '"' || first == '\'' {
            let (value, after) = quoted(rest.get(1..).unwrap_or_default(), first)?;
            tokens.push(Token::Text(value));
            rest = after;
        } else if first.is_ascii_digit()
            || first == '.' && rest.get(1..2).is_some_and(|c| c.as_bytes()[0].is_ascii_digit())
        {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let (number, after) = rest.split_at(end);
            tokens.push(Token::Number(number.to_owned()));
            rest = after;
        } else if first.is_alphabetic() || matches!(first, '_' | '$') {
            let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | ':');
            let end = rest.find(|c: char| !part(c)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            tokens.push(Token::Name(name.to_owned()));
            rest = after;
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or_else(|| format!("Syntax error. Found '{first}'"))?;
            tokens.push(Token::Sign(sign));
            rest = rest.get(sign.len()..).unwrap_or_default();
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

fn quoted(text: &str, quote: char) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Ok((value, text.get(at + 1..).unwrap_or_default()));
        }
        if c == '\\' {
            match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, escaped @ ('"' | '\'' | '\\'))) => value.push(escaped),
                // Patterns keep their backslashes.
                Some((_, other)) => value.extend(['\\', other]),
                None => {}
            }
        } else {
            value.push(c);
        }
    }
    Err("Syntax error. Missing closing quote".to_owned())
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

/// How tightly a sign binds.
fn binding(sign: &str) -> Option<(u8, Op)> {
    Some(match sign {
        "||" => (1, Op::Or),
        "&&" => (2, Op::And),
        "=" | "==" => (3, Op::Equal),
        "!=" | "<>" => (3, Op::Unequal),
        "<" => (4, Op::Less),
        "<=" => (4, Op::LessOrEqual),
        ">" => (4, Op::Greater),
        ">=" => (4, Op::GreaterOrEqual),
        "+" => (5, Op::Plus),
        "-" => (5, Op::Minus),
        "&" => (5, Op::Join),
        "*" => (6, Op::Times),
        "/" => (6, Op::Over),
        "^" => (7, Op::Power),
        _ => return None,
    })
}

pub(super) fn parse(text: &str) -> Result<Expr, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0 };
    let expr = parser.expression(0)?;
    match parser.tokens.get(parser.at) {
        None => Ok(expr),
        Some(extra) => Err(format!("Syntax error. Extra {extra:?}")),
    }
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn eat(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(own)) if *own == sign);
        self.at += usize::from(found);
        found
    }

    fn expression(&mut self, least: u8) -> Result<Expr, String> {
        let mut left = self.term()?;
        while let Some(Token::Sign(sign)) = self.tokens.get(self.at) {
            let Some((level, op)) = binding(sign).filter(|(level, _)| *level > least) else { break };
            self.at += 1;
            let right = self.expression(level)?;
            left = Expr::Binary(op, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn term(&mut self) -> Result<Expr, String> {
        match self.next() {
            Some(Token::Number(text)) => {
                let number = text.parse().map_err(|_| format!("Syntax error. Found '{text}'"))?;
                Ok(Expr::Known(Val::Number(number)))
            }
            Some(Token::Text(text)) => Ok(Expr::Known(Val::Text(text))),
            Some(Token::Sign("-")) => Ok(Expr::Minus(Box::new(self.expression(6)?))),
            Some(Token::Sign("+")) => self.expression(6),
            Some(Token::Sign("!")) => Ok(Expr::Not(Box::new(self.expression(6)?))),
            Some(Token::Sign("(")) => {
                let inner = self.expression(0)?;
                if self.eat(")") { Ok(inner) } else { Err("Syntax error. Missing ')'".to_owned()) }
            }
            Some(Token::Name(name)) => self.named(&name),
            other => Err(match other {
                Some(Token::Sign(sign)) => format!("Syntax error. Found '{sign}'"),
                _ => "Syntax error. Found ''".to_owned(),
            }),
        }
    }

    fn named(&mut self, name: &str) -> Result<Expr, String> {
        if self.eat("(") {
            let mut args = Vec::new();
            while !self.eat(")") {
                if self.at >= self.tokens.len() {
                    return Err("Syntax error. Missing ')'".to_owned());
                }
                args.push(self.expression(0)?);
                if !self.eat(",") && !matches!(self.tokens.get(self.at), Some(Token::Sign(")"))) {
                    return Err("Syntax error. Missing ')'".to_owned());
                }
            }
            let name = name.to_ascii_uppercase();
            functions::check(&name, &args)?;
            return Ok(Expr::Call(name, args));
        }
        Ok(match name.to_ascii_uppercase().as_str() {
            "TRUE" => Expr::Known(Val::Bool(true)),
            "FALSE" => Expr::Known(Val::Bool(false)),
            "NULL" => Expr::Known(Val::Null),
            _ => Expr::Field(name.split('.').map(ToOwned::to_owned).collect()),
        })
    }
}
