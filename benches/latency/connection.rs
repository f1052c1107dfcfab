//! One kept connection that sends the same request again and again, and costs little beside what it measures.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HEAD_END: &[u8] = b"\r\n\r\n";
const LENGTH: &str = "content-length:";
const READ_BYTES: usize = 64 * 1024;

pub(crate) struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn to(address: &str, path: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("it is a socket");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: */*\r\n\r\n");
        Self { stream, request: request.into_bytes(), answer: Vec::with_capacity(READ_BYTES) }
    }

    /// Sends the request and reads the answer to its end; anything but 200 is a failure.
    pub(crate) async fn ask(&mut self) -> &[u8] {
        self.stream.write_all(&self.request).await.expect("the server reads");
        self.answer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.answer).await.expect("the server answers");
            assert!(read > 0, "the server has closed the connection");
            if let Some(body) = body_of(&self.answer) {
                return &self.answer[body..];
            }
        }
    }
}

/// Where the body begins, once all of it is there.
fn body_of(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(HEAD_END.len()).position(|window| window == HEAD_END)?;
    let text = std::str::from_utf8(&answer[..head]).expect("heads are text");
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_at_checked(LENGTH.len())?;
        name.eq_ignore_ascii_case(LENGTH).then(|| value.trim().parse::<usize>().ok())?
    });
    let body = head + HEAD_END.len();
    (answer.len() >= body + length.expect("the answer has a length")).then_some(body)
}
