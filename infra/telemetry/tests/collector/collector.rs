//! A collector in this process: takes OTLP over HTTP on a real socket, and reads of the protobuf what tests ask for.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A span as it came in.
#[derive(Clone, Debug, Default)]
pub(crate) struct SpanSeen {
    pub(crate) name: String,
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) kind: u64,
    pub(crate) links: Vec<(String, String)>,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) has_failed: bool,
    pub(crate) resource: Vec<(String, String)>,
}

impl SpanSeen {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        value_of(&self.attributes, name)
    }

    pub(crate) fn of_resource(&self, name: &str) -> Option<&str> {
        value_of(&self.resource, name)
    }
}

fn value_of<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Paths and bodies.
type Requests = Mutex<Vec<(String, Vec<u8>)>>;

/// Listens until the process ends.
pub(crate) struct Collector {
    pub(crate) endpoint: String,
    requests: Arc<Requests>,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        let requests = Arc::new(Requests::default());
        let taken = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let taken = Arc::clone(&taken);
                std::thread::spawn(move || serve(stream, &taken));
            }
        });
        Self { endpoint, requests }
    }

    pub(crate) fn spans(&self) -> Vec<SpanSeen> {
        let requests = self.requests.lock().expect("no test panics while it holds it");
        let bodies = requests.iter().filter(|(path, _)| path == "/v1/traces");
        bodies.flat_map(|(_, body)| spans_of(body)).collect()
    }

    pub(crate) fn lines(&self) -> Vec<LineSeen> {
        let requests = self.requests.lock().expect("no test panics while it holds it");
        let bodies = requests.iter().filter(|(path, _)| path == "/v1/logs");
        bodies.flat_map(|(_, body)| lines_of(body)).collect()
    }
}

/// A log line as it came in.
#[derive(Clone, Debug, Default)]
pub(crate) struct LineSeen {
    pub(crate) text: String,
    pub(crate) severity: String,
    pub(crate) trace: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) resource: Vec<(String, String)>,
}

impl LineSeen {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        value_of(&self.attributes, name)
    }

    pub(crate) fn of_resource(&self, name: &str) -> Option<&str> {
        value_of(&self.resource, name)
    }
}

fn serve(stream: TcpStream, taken: &Requests) {
    let mut reader = BufReader::new(stream);
    while let Some((path, length)) = head(&mut reader) {
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("the whole body");
        taken.lock().expect("no test panics while it holds it").push((path, body));
        let answer =
            "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// The path and the length of the next request.
fn head(reader: &mut BufReader<TcpStream>) -> Option<(String, usize)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line == "\r\n" {
            return Some((path, length));
        }
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
}

/// `ExportTraceServiceRequest`, field by field of opentelemetry-proto's trace/v1.
fn spans_of(body: &[u8]) -> Vec<SpanSeen> {
    let mut spans = Vec::new();
    for resource_spans in messages(body, 1) {
        let resource: Vec<_> =
            messages(resource_spans, 1).flat_map(|all| messages(all, 1)).map(pair).collect();
        for span in messages(resource_spans, 2).flat_map(|scope| messages(scope, 2)) {
            spans.push(SpanSeen { resource: resource.clone(), ..read_span(span) });
        }
    }
    spans
}

fn read_span(span: &[u8]) -> SpanSeen {
    let hex = |number| messages(span, number).next().map(to_hex).unwrap_or_default();
    let link = |link: &[u8]| {
        let hex = |number| messages(link, number).next().map(to_hex).unwrap_or_default();
        (hex(1), hex(2))
    };
    let status = messages(span, 15).next().unwrap_or_default();
    SpanSeen {
        name: messages(span, 5).next().map(text).unwrap_or_default(),
        trace: hex(1),
        id: hex(2),
        parent: hex(4),
        kind: number(span, 6),
        links: messages(span, 13).map(link).collect(),
        attributes: messages(span, 9).map(pair).collect(),
        has_failed: number(status, 3) == 2,
        resource: Vec::new(),
    }
}

/// `ExportLogsServiceRequest`, field by field of opentelemetry-proto's logs/v1.
fn lines_of(body: &[u8]) -> Vec<LineSeen> {
    let mut lines = Vec::new();
    for resource_logs in messages(body, 1) {
        let resource: Vec<_> =
            messages(resource_logs, 1).flat_map(|all| messages(all, 1)).map(pair).collect();
        for line in messages(resource_logs, 2).flat_map(|scope| messages(scope, 2)) {
            let body = messages(line, 5).next().unwrap_or_default();
            let text_of = |message, number| messages(message, number).next().map(text);
            lines.push(LineSeen {
                text: text_of(body, 1).unwrap_or_default(),
                severity: text_of(line, 3).unwrap_or_default(),
                trace: messages(line, 9).next().map(to_hex).unwrap_or_default(),
                attributes: messages(line, 6).map(pair).collect(),
                resource: resource.clone(),
            });
        }
    }
    lines
}

fn pair(pair: &[u8]) -> (String, String) {
    let value = messages(pair, 2).next().unwrap_or_default();
    let written = messages(value, 1).next().map(text);
    let name = messages(pair, 1).next().map(text).unwrap_or_default();
    (name, written.unwrap_or_else(|| number(value, 3).to_string()))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn messages(message: &[u8], wanted: u64) -> impl Iterator<Item = &[u8]> {
    fields(message).into_iter().filter_map(move |(number, field)| match field {
        Field::Bytes(bytes) if number == wanted => Some(bytes),
        Field::Bytes(_) | Field::Number(_) => None,
    })
}

fn number(message: &[u8], wanted: u64) -> u64 {
    let found = fields(message).into_iter().find_map(|(number, field)| match field {
        Field::Number(value) if number == wanted => Some(value),
        Field::Bytes(_) | Field::Number(_) => None,
    });
    found.unwrap_or_default()
}

fn fields(mut rest: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let tag = varint(&mut rest);
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut rest)),
            1 => Field::Bytes(take(&mut rest, 8)),
            2 => {
                let length = varint(&mut rest);
                Field::Bytes(take(&mut rest, usize::try_from(length).expect("it fits")))
            }
            5 => Field::Bytes(take(&mut rest, 4)),
            other => panic!("protobuf has no wire type {other}"),
        };
        fields.push((tag >> 3, field));
    }
    fields
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(length);
    *rest = left;
    taken
}

fn varint(rest: &mut &[u8]) -> u64 {
    let mut value = 0;
    for (shift, byte) in (0..).step_by(7).zip(*rest) {
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            *rest = &rest[shift / 7 + 1..];
            return value;
        }
    }
    panic!("a number without an end")
}
