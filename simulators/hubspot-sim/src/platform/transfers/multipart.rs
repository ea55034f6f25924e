//! Bodies of several parts, as imports and uploads send them.

use bytes::Bytes;

/// One part: its name, the name of its file, and what it holds.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) file: Option<String>,
    pub(crate) content: Bytes,
}

fn find(text: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    text.get(from..)?.windows(wanted.len()).position(|window| window == wanted).map(|at| at + from)
}

/// A parameter of a header, with or without quotes.
fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// The parts of a body, if its content type says that it has some.
pub(crate) fn parts(content_type: &str, body: &Bytes) -> Option<Vec<Part>> {
    if !content_type.to_ascii_lowercase().starts_with("multipart/form-data") {
        return None;
    }
    let boundary = format!("--{}", parameter(content_type, "boundary")?);
    let mut parts = Vec::new();
    let mut at = find(body, boundary.as_bytes(), 0)?;
    loop {
        let start = at + boundary.len();
        if body.get(start..start + 2) == Some(b"--") {
            return Some(parts);
        }
        let end = find(body, boundary.as_bytes(), start)?;
        let blank = find(body, b"\r\n\r\n", start)?;
        let head = String::from_utf8_lossy(body.get(start..blank)?).into_owned();
        let disposition =
            head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition"));
        let disposition = disposition.unwrap_or_default();
        // The line break before the boundary belongs to the boundary.
        let content = body.slice(blank + 4..end.saturating_sub(2).max(blank + 4));
        parts.push(Part {
            name: parameter(disposition, "name").unwrap_or_default(),
            file: parameter(disposition, "filename"),
            content,
        });
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_out_as_they_went_in() {
        let body = Bytes::from_static(
            b"--xx\r\nContent-Disposition: form-data; name=\"importRequest\"\r\n\r\n{}\r\n--xx\r\nContent-Disposition: \
              form-data; name=\"files\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\nA,B\r\n1,2\r\n\r\n--xx--\r\n",
        );
        let found = parts("multipart/form-data; boundary=xx", &body).expect("parts");
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].name.as_str(), found[0].content.as_ref()), ("importRequest", b"{}".as_ref()));
        assert_eq!(
            (found[1].file.as_deref(), found[1].content.as_ref()),
            (Some("a.csv"), b"A,B\r\n1,2\r\n".as_ref())
        );
        assert!(parts("application/json", &body).is_none());
    }
}
