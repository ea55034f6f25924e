//! CSV as the Bulk APIs read and write it.

use std::borrow::Cow;

use csv::{ByteRecord, QuoteStyle, ReaderBuilder, Terminator, WriterBuilder};

/// How rows and columns are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub delimiter: Delimiter,
    pub ending: Ending,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: Delimiter::Comma, ending: Ending::Lf }
    }
}

/// What stands between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delimiter {
    Backquote,
    Caret,
    Comma,
    Pipe,
    Semicolon,
    Tab,
}

impl Delimiter {
    const ALL: [(Self, &'static str, u8); 6] = [
        (Self::Backquote, "BACKQUOTE", b'`'),
        (Self::Caret, "CARET", b'^'),
        (Self::Comma, "COMMA", b','),
        (Self::Pipe, "PIPE", b'|'),
        (Self::Semicolon, "SEMICOLON", b';'),
        (Self::Tab, "TAB", b'\t'),
    ];

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(delimiter, _, _)| *delimiter)
    }

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(own, _, _)| *own == self).map_or("COMMA", |(_, name, _)| name)
    }

    fn byte(self) -> u8 {
        Self::ALL.iter().find(|(own, _, _)| *own == self).map_or(b',', |(_, _, byte)| *byte)
    }
}

/// What stands between two rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Lf,
    Crlf,
}

impl Ending {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "LF" => Some(Self::Lf),
            "CRLF" => Some(Self::Crlf),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Lf => "LF",
            Self::Crlf => "CRLF",
        }
    }
}

/// Whether every row ends as it should. Line breaks inside quotes are values.
pub(super) fn ends_right(bytes: &[u8], ending: Ending) -> bool {
    let mut quoted = false;
    let mut before = 0_u8;
    for byte in bytes {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted && (before == b'\r') != (ending == Ending::Crlf) => return false,
            _ => {}
        }
        before = *byte;
    }
    true
}

/// The header and an iterator over the rows.
pub(super) struct Table<'a> {
    pub header: Vec<String>,
    reader: csv::Reader<&'a [u8]>,
}

impl<'a> Table<'a> {
    pub fn read(bytes: &'a [u8], delimiter: Delimiter) -> Self {
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter.byte())
            .flexible(true)
            .has_headers(false)
            .from_reader(bytes);
        let mut first = ByteRecord::new();
        // Reading from memory fails only at the end.
        let mut header: Vec<String> = match reader.read_byte_record(&mut first) {
            Ok(true) => first.iter().map(|cell| text(cell).into_owned()).collect(),
            _ => Vec::new(),
        };
        // The platform takes a byte order mark for a part of the first name.
        if bytes.starts_with("\u{feff}".as_bytes())
            && let Some(name) = header.first_mut()
        {
            name.insert(0, '\u{feff}');
        }
        Self { header, reader }
    }

    pub fn next(&mut self, row: &mut ByteRecord) -> bool {
        self.reader.read_byte_record(row).unwrap_or(false)
    }
}

/// A file with the headers and the constant values that a transformation spec gives it. The spec is CSV with the
/// columns `Salesforce Field`, `Csv Header`, `Value` and `Hint`.
pub(super) fn mapped(bytes: &[u8], spec: &[u8]) -> Vec<u8> {
    let (mut names, mut constants) = (Vec::new(), Vec::new());
    let mut lines = Table::read(spec, Delimiter::Comma);
    let mut line = ByteRecord::new();
    while lines.next(&mut line) {
        let cell = |at: usize| text(line.get(at).unwrap_or_default()).into_owned();
        match (cell(0), cell(1), cell(2)) {
            (field, header, value) if header.is_empty() => constants.push((field, value)),
            (field, header, _) => names.push((header, field)),
        }
    }
    let mut table = Table::read(bytes, Delimiter::Comma);
    let mut out = writer(Dialect::default());
    let renamed = table.header.iter().map(|header| {
        names.iter().find(|(from, _)| from == header).map_or(header, |(_, field)| field).as_bytes()
    });
    add(&mut out, renamed.chain(constants.iter().map(|(field, _)| field.as_bytes())));
    let mut row = ByteRecord::new();
    while table.next(&mut row) {
        add(&mut out, row.iter().chain(constants.iter().map(|(_, value)| value.as_bytes())));
    }
    finish(out)
}

/// A cell. What is no UTF-8 is shown as such.
pub(super) fn text(cell: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(cell)
}

/// Writes rows, every value in quotes as the platform does.
pub(super) fn writer(dialect: Dialect) -> csv::Writer<Vec<u8>> {
    let terminator = match dialect.ending {
        Ending::Lf => Terminator::Any(b'\n'),
        Ending::Crlf => Terminator::CRLF,
    };
    WriterBuilder::new()
        .delimiter(dialect.delimiter.byte())
        .terminator(terminator)
        .quote_style(QuoteStyle::Always)
        .flexible(true)
        .from_writer(Vec::new())
}

/// Adds a row.
pub(super) fn add<I: IntoIterator<Item = T>, T: AsRef<[u8]>>(writer: &mut csv::Writer<Vec<u8>>, row: I) {
    // Writing to memory does not fail.
    drop(writer.write_record(row));
}

/// What has been written.
pub(super) fn finish(writer: csv::Writer<Vec<u8>>) -> Vec<u8> {
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_in_quotes_are_no_line_endings() {
        assert!(ends_right(b"Name\n\"a\r\nb\"\nc", Ending::Lf));
        assert!(!ends_right(b"Name\r\na\r\n", Ending::Lf));
        assert!(!ends_right(b"Name\na\n", Ending::Crlf));
        assert!(ends_right(b"Name\r\n\"a\"\"\nb\"\r\n", Ending::Crlf));
    }

    #[test]
    fn every_delimiter_is_read_and_written() {
        for (delimiter, name, byte) in Delimiter::ALL {
            assert_eq!(Delimiter::named(name), Some(delimiter));
            let text = format!("A{0}B\n\"x{0}y\"{0}\"say \"\"hi\"\"\"\n", char::from(byte));
            let mut table = Table::read(text.as_bytes(), delimiter);
            assert_eq!(table.header, ["A", "B"]);
            let mut row = ByteRecord::new();
            assert!(table.next(&mut row));
            assert_eq!(row.get(1), Some(b"say \"hi\"".as_slice()));
            let mut out = writer(Dialect { delimiter, ending: Ending::Crlf });
            add(&mut out, row.iter());
            let expected = format!("\"x{0}y\"{0}\"say \"\"hi\"\"\"\r\n", char::from(byte));
            assert_eq!(finish(out), expected.as_bytes());
        }
    }
}
