//! An HTTP/1.1 client that costs next to nothing, because it shares the machine with the server it
//! measures.
//!
//! A connection belongs to a thread that sends prepared bytes and waits: no runtime, no header map,
//! no allocation for an answer. It reads answers with a `Content-Length` and no others.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// How long an answer may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a request goes: `http://127.0.0.1:8080/api/feed`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    /// `127.0.0.1:8080`
    pub(crate) authority: String,
    /// `/api/feed`; empty when the address ends before it.
    pub(crate) path: String,
}

impl Url {
    /// The address of `path` on the same server.
    pub(crate) fn at(&self, path: &str) -> Self {
        Self { authority: self.authority.clone(), path: path.to_owned() }
    }
}

impl FromStr for Url {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix("http://").ok_or("write it as http://HOST:PORT/PATH")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (_, port) = authority.rsplit_once(':').unwrap_or_default();
        if port.parse::<u16>().is_err() {
            return Err("name the port: http://HOST:PORT/PATH".to_owned());
        }
        let path = path.trim_end_matches('/');
        Ok(Self { authority: authority.to_owned(), path: path.to_owned() })
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

/// The bytes of a request, ready to be sent any number of times.
pub(crate) fn request(method: &str, url: &Url, headers: &[String], body: &str) -> Vec<u8> {
    let Url { authority, path } = url;
    let path = if path.is_empty() { "/" } else { path };
    let mut lines = vec![format!("{method} {path} HTTP/1.1"), format!("Host: {authority}")];
    lines.extend_from_slice(headers);
    if !body.is_empty() {
        lines.push("Content-Type: application/json".to_owned());
    }
    if method != "GET" {
        lines.push(format!("Content-Length: {}", body.len()));
    }
    format!("{}\r\n\r\n{body}", lines.join("\r\n")).into_bytes()
}

/// The header by which a signed-in account is known.
pub(crate) fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

/// An answer, valid until the connection is used again.
#[derive(Debug)]
pub(crate) struct Answer<'c> {
    pub(crate) status: u16,
    head: &'c str,
    pub(crate) body: &'c [u8],
}

impl Answer<'_> {
    /// The value of a header, whose name is given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }

    /// The body as JSON; an error unless the answer is a success.
    pub(crate) fn json(&self) -> Result<serde_json::Value> {
        self.check()?;
        serde_json::from_slice(self.body).context("the server's answer is not JSON")
    }

    /// An error, with what the server said, unless the answer is a success.
    pub(crate) fn check(&self) -> Result<()> {
        let Self { status, body, .. } = self;
        ensure!(
            (200..300).contains(status),
            "the server answered {status}: {}",
            String::from_utf8_lossy(&body[..body.len().min(300)])
        );
        Ok(())
    }
}

/// A connection that is kept open.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Opens a connection to the server of `url`.
    pub(crate) fn open(url: &Url) -> Result<Self> {
        let authority = &url.authority;
        let stream = TcpStream::connect(authority)
            .with_context(|| format!("no server answers at {authority}; is it running?"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: vec![0; 64 * 1024] })
    }

    /// Sends one prepared request and waits for its answer.
    pub(crate) fn send(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.stream.write_all(request).context("the server has closed the connection")?;
        let mut filled: usize = 0;
        let head_end = loop {
            // The end of the head may lie across two reads.
            let searched = filled.saturating_sub(3);
            filled += self.read(filled)?;
            let found = self.buffer[searched..filled].windows(4).position(|end| end == b"\r\n\r\n");
            if let Some(position) = found {
                break searched + position + 4;
            }
        };
        let head = std::str::from_utf8(&self.buffer[..head_end]).context("this is not HTTP")?;
        let status = head
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3)?.parse().ok())
            .context("this is not HTTP/1.1")?;
        let length: usize = match header(head, "content-length") {
            Some(length) => length.parse().context("this is not a Content-Length")?,
            None if status == 204 || status == 304 => 0,
            None => bail!("an answer without a Content-Length cannot be read by this client"),
        };
        while filled < head_end + length {
            filled += self.read(filled)?;
        }
        let (head, rest) = self.buffer.split_at(head_end);
        let head = std::str::from_utf8(head).context("this is not HTTP")?;
        Ok(Answer { status, head, body: &rest[..length] })
    }

    fn read(&mut self, filled: usize) -> Result<usize> {
        if filled == self.buffer.len() {
            self.buffer.resize(filled * 2, 0);
        }
        let read = self.stream.read(&mut self.buffer[filled..]).context("no answer came")?;
        ensure!(read > 0, "the server has closed the connection");
        Ok(read)
    }
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A server that says `answers` one after another, in the pieces given, whatever it is asked.
    fn server(answers: &'static [&'static [&'static str]]) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap()).parse().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_nodelay(true).unwrap();
            for answer in answers {
                let mut asked = [0; 1024];
                assert!(stream.read(&mut asked).unwrap() > 0);
                for piece in *answer {
                    stream.write_all(piece.as_bytes()).unwrap();
                    std::thread::yield_now();
                }
            }
        });
        url
    }

    #[test]
    fn answers_are_read_however_they_are_cut() {
        let url = server(&[
            &["HTTP/1.1 200 OK\r\ncontent-le", "ngth: 5\r\n\r", "\nhel", "lo"],
            &["HTTP/1.1 204 No Content\r\n\r\n"],
            &["HTTP/1.1 404 Not Found\r\nX: y\r\nContent-Length: 4\r\n\r\nnone"],
        ]);
        let mut connection = Connection::open(&url).unwrap();
        let get = request("GET", &url, &[], "");
        assert_eq!(connection.send(&get).unwrap().body, b"hello");
        assert_eq!(connection.send(&get).unwrap().status, 204);
        let missing = connection.send(&get).unwrap();
        assert_eq!(missing.header("x"), Some("y"));
        assert_eq!(missing.check().unwrap_err().to_string(), "the server answered 404: none");
        assert!(connection.send(&get).is_err(), "the server has gone");
    }

    #[test]
    fn an_answer_of_unknown_length_is_refused() {
        let url = server(&[&["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]]);
        let mut connection = Connection::open(&url).unwrap();
        assert!(connection.send(&request("GET", &url, &[], "")).is_err());
    }

    #[test]
    fn addresses_have_a_port() {
        let url: Url = "http://127.0.0.1:8080/api/feed?limit=20".parse().unwrap();
        assert_eq!((&*url.authority, &*url.path), ("127.0.0.1:8080", "/api/feed?limit=20"));
        let bare: Url = "http://localhost:80".parse().unwrap();
        assert!(request("GET", &bare, &[], "").starts_with(b"GET / HTTP/1.1\r\n"));
        assert!("http://localhost/".parse::<Url>().is_err());
        assert!("https://localhost:1/".parse::<Url>().is_err());
    }
}
