//! What a SOQL statement says, before anybody asks whether the org has such objects and fields.

use jiff::{Timestamp, civil::Date};

use crate::geo;

/// A statement, or a subquery inside one.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// what to answer, in the order asked for
    pub select: Vec<SelectItem>,
    /// the object, or in a child subquery the relationship
    pub from: Name,
    /// what the object is called in field paths
    pub alias: Option<String>,
    /// further names in FROM (`Contact c, c.Account a`), each standing for a parent path
    pub parents: Vec<(Path, String)>,
    /// WHERE
    pub filter: Option<Condition>,
    /// GROUP BY
    pub group_by: Vec<Operand>,
    /// which subtotals are answered as well
    pub subtotals: Subtotals,
    /// USING SCOPE, as written
    pub scope: Option<Name>,
    /// HAVING
    pub having: Option<Condition>,
    /// ORDER BY
    pub order_by: Vec<Order>,
    /// LIMIT
    pub limit: Option<usize>,
    /// OFFSET
    pub offset: usize,
    /// ALL ROWS: deleted rows too
    pub all_rows: bool,
}

impl Query {
    /// Whether this is `SELECT COUNT()`, which answers a number and no records.
    pub fn is_count(&self) -> bool {
        matches!(self.select.as_slice(), [SelectItem::Count { .. }])
    }
}

/// A name and where it stands in the text, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// as written
    pub text: String,
    /// byte offset
    pub at: usize,
}

/// A field path: `Name`, `c.Account.Owner.Name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// the parts between the dots, as written
    pub parts: Vec<String>,
    /// byte offset of the first part
    pub at: usize,
}

/// One entry of the SELECT list.
#[derive(Debug, Clone, PartialEq)]
pub enum SelectItem {
    /// a field or a function, and its alias
    Value {
        /// what to answer
        operand: Operand,
        /// the key to answer it under
        alias: Option<String>,
    },
    /// `COUNT()`
    Count {
        /// byte offset
        at: usize,
    },
    /// `FIELDS(ALL)` and its kin
    Fields {
        /// which fields
        set: FieldSet,
        /// byte offset
        at: usize,
    },
    /// `(SELECT .. FROM Contacts)`
    Children(Box<Query>),
    /// `TYPEOF What WHEN Account THEN Name ELSE Id END`
    TypeOf(TypeOf),
}

/// `TYPEOF`: other fields for each type a reference may point at.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeOf {
    /// the relationship
    pub relationship: Path,
    /// fields by object
    pub when: Vec<(Name, Vec<Path>)>,
    /// fields for every other object
    pub otherwise: Vec<Path>,
}

/// Which fields `FIELDS()` stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldSet {
    /// every field
    All,
    /// the platform's own
    Standard,
    /// the org's own
    Custom,
}

/// A field, or a function of one.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// a field
    Field(Path),
    /// a function
    Call(Call),
}

impl Operand {
    /// Byte offset.
    pub fn at(&self) -> usize {
        match self {
            Operand::Field(path) => path.at,
            Operand::Call(call) => call.at,
        }
    }
}

/// `MAX(Amount)`, `CALENDAR_YEAR(CreatedDate)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// the function
    pub function: Function,
    /// its field
    pub field: Path,
    /// byte offset
    pub at: usize,
}

/// The functions of one field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Function {
    /// over a group of rows
    Aggregate(Aggregate),
    /// a part of a date
    Date(DatePart),
    /// how far a place is from another
    Distance(geo::Place, geo::Unit),
    /// `toLabel`, `FORMAT`, `convertCurrency`: answered as they are
    Same,
}

/// What is looked at in the value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum View {
    /// a part of a date
    Date(DatePart),
    /// how far it is from a place
    Distance(geo::Place, geo::Unit),
}

/// The subtotals of GROUP BY.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Subtotals {
    /// none
    #[default]
    None,
    /// `ROLLUP`: of the first fields, down to the sum of all
    Rollup,
    /// `CUBE`: of every choice of fields
    Cube,
}

/// Functions over a group of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// rows where the field is not null
    Count,
    /// different values
    CountDistinct,
    /// sum
    Sum,
    /// mean
    Avg,
    /// least
    Min,
    /// greatest
    Max,
    /// 1 in a subtotal that takes all values of the field together
    Grouping,
}

/// Parts of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatePart {
    /// 2026
    Year,
    /// 1 to 4
    Quarter,
    /// 1 to 12
    Month,
    /// 1 to 31
    DayInMonth,
    /// 1 (Sunday) to 7
    DayInWeek,
    /// 1 to 366
    DayInYear,
    /// the date alone
    DayOnly,
    /// 0 to 23
    Hour,
    /// 1 to 5
    WeekInMonth,
    /// 1 to 53
    WeekInYear,
}

/// A condition of WHERE or HAVING.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// all of them
    And(Vec<Condition>),
    /// any of them
    Or(Vec<Condition>),
    /// the opposite
    Not(Box<Condition>),
    /// a comparison with one literal
    Compare {
        /// the left side
        left: Operand,
        /// how
        op: Op,
        /// the right side
        right: Literal,
        /// byte offset of the operator
        at: usize,
    },
    /// `LIKE`
    Like {
        /// the left side
        left: Operand,
        /// the right side
        pattern: Vec<Wild>,
        /// byte offset of the operator
        at: usize,
    },
    /// `IN`, `NOT IN`
    In {
        /// the left side
        left: Operand,
        /// `NOT IN`
        not: bool,
        /// the right side
        set: Set,
        /// byte offset of the operator
        at: usize,
    },
    /// `INCLUDES`, `EXCLUDES`
    Includes {
        /// the left side
        left: Operand,
        /// `EXCLUDES`
        not: bool,
        /// each a set of values joined with `;`, all of which must be chosen
        values: Vec<String>,
        /// byte offset of the operator
        at: usize,
    },
}

/// The right side of `IN`.
#[derive(Debug, Clone, PartialEq)]
pub enum Set {
    /// literals
    List(Vec<Literal>),
    /// what a subquery selects
    Query(Box<Query>),
}

/// Comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `=`
    Eq,
    /// `!=`, `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// A piece of a `LIKE` pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wild {
    /// `%`
    Any,
    /// `_`
    One,
    /// a character
    Char(char),
}

/// A literal.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// a number
    Number(f64),
    /// a string
    Text(String),
    /// `2026-11-24`
    Date(Date),
    /// `2026-11-24T00:00:00Z`
    DateTime(Timestamp),
    /// `TODAY`, `LAST_N_DAYS:30`
    Span(DateSpan),
}

/// A span of days that depends on today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateSpan {
    /// how long a step is
    pub unit: Unit,
    /// first step, counted from the one today is in
    pub first: i64,
    /// last step
    pub last: i64,
}

/// A step of a [`DateSpan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// a day
    Day,
    /// a week, from Sunday
    Week,
    /// a month
    Month,
    /// a quarter
    Quarter,
    /// a year
    Year,
}

/// One entry of ORDER BY.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// what to sort by
    pub by: Operand,
    /// DESC
    pub descending: bool,
    /// NULLS FIRST or, when false, NULLS LAST
    pub nulls_first: bool,
}
