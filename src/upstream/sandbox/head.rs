//! Reads a request's head.

use std::str;

/// More headers than this, or a longer head, is refused: no client of a provider needs them.
const MOST_HEADERS: usize = 128;
const MOST_BYTES: usize = 128 * 1024;

/// A request's head, as far as the sandbox looks at it.
#[derive(Debug)]
pub struct Head {
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    /// Names in lower case, in order; empty unless asked for.
    pub headers: Vec<(String, String)>,
    pub body_bytes: usize,
    pub keeps_alive: bool,
    pub expects_continue: bool,
    /// It brought the credential the sandbox asks for.
    pub is_trusted: bool,
}

/// Why a head is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    #[error("the request head cannot be read")]
    Malformed,
    #[error("the request head is too large")]
    TooLarge,
    #[error("send a content-length")]
    NoLength,
}

/// What the reader of heads is told once.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    pub credential: &'a str,
    pub keep_headers: bool,
}

/// Reads a head from the front of `bytes`; `None` until it is complete. Also returns the head's length.
///
/// # Errors
/// If no head can come of these bytes.
pub fn parse(bytes: &[u8], reading: Reading) -> Result<Option<(Head, usize)>, HeadError> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if bytes.len() > MOST_BYTES => return Err(HeadError::TooLarge),
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(HeadError::TooLarge),
        Err(_) => return Err(HeadError::Malformed),
    };
    let target = request.path.unwrap_or("/");
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let mut head = Head {
        method: request.method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        query: query.map(str::to_owned),
        headers: Vec::new(),
        body_bytes: 0,
        keeps_alive: request.version == Some(1),
        expects_continue: false,
        is_trusted: false,
    };
    for header in request.headers {
        head.note(header, reading)?;
    }
    Ok(Some((head, length)))
}

impl Head {
    fn note(&mut self, header: &httparse::Header, reading: Reading) -> Result<(), HeadError> {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        let says = |value: &str| header.value.eq_ignore_ascii_case(value.as_bytes());
        if is("content-length") {
            let digits = str::from_utf8(header.value).map_err(|_| HeadError::Malformed)?;
            self.body_bytes = digits.trim().parse().map_err(|_| HeadError::Malformed)?;
        } else if is("transfer-encoding") {
            return Err(HeadError::NoLength);
        } else if is("connection") && says("close") {
            self.keeps_alive = false;
        } else if is("expect") && says("100-continue") {
            self.expects_continue = true;
        } else if is("x-api-key") {
            self.is_trusted |= header.value == reading.credential.as_bytes();
        } else if is("authorization") {
            let bearer = header.value.strip_prefix(b"Bearer ");
            self.is_trusted |= bearer == Some(reading.credential.as_bytes());
        }
        if reading.keep_headers {
            let value = String::from_utf8_lossy(header.value).into_owned();
            self.headers.push((header.name.to_ascii_lowercase(), value));
        }
        Ok(())
    }
}
