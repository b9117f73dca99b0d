use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use crate::world::{TOKEN, World};

/// What was posted: the head's first line, and the body.
type Posted = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A collector that takes everything; ends with the process.
fn collector() -> (String, Posted) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let posted = Posted::default();
    let taking = Arc::clone(&posted);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let taking = Arc::clone(&taking);
            std::thread::spawn(move || while take(&stream, &taking).is_some() {});
        }
    });
    (url, posted)
}

fn take(stream: &TcpStream, posted: &Posted) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let lower = line.trim_end().to_ascii_lowercase();
        if lower.is_empty() {
            break;
        }
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    posted
        .lock()
        .ok()?
        .push((first.trim_end().to_owned(), body));
    let answer =
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
    (&*stream).write_all(answer.as_bytes()).ok()
}

fn attributes(span: &Span) -> BTreeMap<&str, String> {
    let attributes = span.attributes.iter().filter_map(|attribute| {
        let text = match attribute.value.as_ref()?.value.as_ref()? {
            Value::StringValue(text) => text.clone(),
            Value::IntValue(number) => number.to_string(),
            other => format!("{other:?}"),
        };
        Some((attribute.key.as_str(), text))
    });
    attributes.collect()
}

#[test]
fn calls_and_their_requests_are_spans_at_a_collector() {
    let world = World::new(&["--contacts", "20", "--companies", "3"]);
    world.connect("config: { region: us, api_version: \"2.11\" }\nstreams: [contacts, tags]\n");
    let (url, posted) = collector();
    world.succeed(&["sync", "--output", "jsonl:out", "--otlp", &url]);
    let posted = posted.lock().expect("nobody panicked");
    assert!(!posted.is_empty());
    let mut spans = Vec::new();
    for (line, body) in &*posted {
        assert_eq!(line, "POST /v1/traces HTTP/1.1");
        assert!(memchr::memmem::find(body, TOKEN.as_bytes()).is_none());
        let request = ExportTraceServiceRequest::decode(body.as_slice()).expect("spans");
        for resource in request.resource_spans {
            let service = resource
                .resource
                .iter()
                .flat_map(|resource| &resource.attributes);
            assert!(
                service
                    .clone()
                    .any(|attribute| attribute.key == "service.name")
            );
            spans.extend(
                resource
                    .scope_spans
                    .into_iter()
                    .flat_map(|scope| scope.spans),
            );
        }
    }
    for span in &spans {
        let told = attributes(span);
        assert!(!told.values().any(|text| text.contains('@')), "{told:?}");
    }
    let call = |stream: &str| {
        let mut calls = spans.iter().filter(|span| span.name == "call");
        let found = calls.find(|span| {
            attributes(span)
                .get("stream")
                .is_some_and(|of| of == stream)
        });
        found.expect("a span of the call")
    };
    for stream in ["contacts", "tags"] {
        let call = call(stream);
        let told = attributes(call);
        assert_eq!(told["connection"], "connection");
        assert_eq!(told["call"], "read-page");
        assert!(told["version"].starts_with("0."), "{told:?}");
        assert!(call.end_time_unix_nano > call.start_time_unix_nano);
        let requests = spans
            .iter()
            .filter(|span| span.parent_span_id == call.span_id);
        let requests: Vec<_> = requests.map(attributes).collect();
        assert!(!requests.is_empty(), "the call's requests are below it");
        for request in requests {
            assert_eq!(
                (request["status"].as_str(), request["connection"].as_str()),
                ("200", "connection")
            );
        }
    }
}

#[test]
fn a_collector_that_is_not_there_holds_up_nothing() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    world.succeed(&["read", "tags", "--otlp", "http://127.0.0.1:9"]);
    let refused = world.run(&["read", "tags", "--otlp", "nowhere"]);
    assert_eq!(refused.code, Some(64), "{refused:?}");
}
