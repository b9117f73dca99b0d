//! What a configuration asks for: `{"do":"name","n":…,"text":"…"}`.

use std::hint::black_box;

use crate::bindings::exports::integration::connector::connector::Failure;
use crate::bindings::integration::connector::types::FailureKind;
use crate::settings::setting;
use crate::{log, memory, report_panics, requests, state};

/// Does it, and gives what there is to say about it; a failure with code `refused` where the host refused something.
pub fn perform(config: &[u8]) -> Result<String, Failure> {
    report_panics();
    let config = Config::new(config);
    let deed = setting("always")
        .or_else(|| config.text("do"))
        .unwrap_or_default();
    let n = config.number("n").unwrap_or(1);
    match deed.as_str() {
        "" | "nothing" => Ok(String::new()),
        "panic" => panic!("a panic on purpose"),
        "fail" => Err(failure("broken", "this version fails")),
        "endless_loop" => loop {
            black_box(n);
        },
        // So many million steps: it ends, and not soon.
        "slow" => {
            for step in 0..n as u64 * 1_000_000 {
                black_box(step);
            }
            Ok(String::new())
        }
        "recursion" => Ok(deeper(n).to_string()),
        "allocate" => {
            let bytes = vec![1_u8; n];
            Ok(black_box(&bytes)[n - 1].to_string())
        }
        "grow" => {
            let mut kept = Vec::new();
            loop {
                kept.push(black_box(vec![1_u8; 64 << 10]));
            }
        }
        "log_flood" => {
            let line = "x".repeat(config.number("bytes").unwrap_or(100));
            for number in 0..n {
                log::write(log::Level::Error, &format!("line {number} {line}"));
            }
            Ok(String::new())
        }
        "state_keys" => state_keys(n),
        "state_bytes" => state_bytes(n),
        "state_key" => state_key(&config.text("text").unwrap_or_default()),
        "plant" => {
            memory::plant(&config.text("text").unwrap_or_default(), n);
            Ok(String::new())
        }
        // Shows that the search finds what is there.
        "plant_and_search" => {
            let turned = config.text("text").unwrap_or_default();
            memory::plant(&turned.chars().rev().collect::<String>(), n);
            Ok(memory::count(&turned).to_string())
        }
        // Whether anything of a request that the host made is here: the credential above all.
        "send_and_search" => {
            requests::perform("send", 1, &config).unwrap_or_else(|| Ok(String::new()))?;
            Ok(memory::count(&config.text("text").unwrap_or_default()).to_string())
        }
        "search" => Ok(memory::count(&config.text("text").unwrap_or_default()).to_string()),
        deed => requests::perform(deed, n, &config)
            .unwrap_or_else(|| Err(failure("unknown", &format!("no such deed: {deed}")))),
    }
}

/// Calls itself, and needs its own frame for it.
#[allow(unconditional_recursion)]
fn deeper(depth: usize) -> usize {
    let mut frame = [0_u8; 64];
    frame[depth % 64] = 1;
    black_box(&mut frame);
    deeper(depth + 1) + usize::from(frame[depth % 64])
}

/// Puts so many values under keys of their own, a thousand at a time.
fn state_keys(n: usize) -> Result<String, Failure> {
    let numbers: Vec<usize> = (0..n).collect();
    for some in numbers.chunks(1_000) {
        let changes: Vec<state::Change> = some
            .iter()
            .map(|number| put(format!("key-{number}"), vec![1]))
            .collect();
        state::swap_all(&changes).map_err(refused)?;
    }
    Ok(n.to_string())
}

/// Puts so many values of 200 kB.
fn state_bytes(n: usize) -> Result<String, Failure> {
    for number in 0..n {
        state::swap(&put(format!("large-{number}"), vec![7; 200_000])).map_err(refused)?;
    }
    Ok(n.to_string())
}

/// Says what is behind a key.
fn state_key(key: &str) -> Result<String, Failure> {
    let value = state::get(key).map_err(refused)?;
    Ok(match value {
        Some(value) => format!("found {}", value.len()),
        None => "nothing".to_owned(),
    })
}

fn put(key: String, value: Vec<u8>) -> state::Change {
    state::Change {
        key,
        expected: None,
        value: Some(value),
        ttl_ms: None,
    }
}

fn refused(error: state::Error) -> Failure {
    failure("refused", &error.message)
}

pub fn failure(code: &str, message: &str) -> Failure {
    Failure {
        kind: FailureKind::Bug,
        code: code.to_owned(),
        message: message.to_owned(),
        retry_after_ms: None,
        maybe_applied: false,
        request_id: None,
        problems: Vec::new(),
    }
}

/// A flat configuration of texts without escapes and of numbers.
pub struct Config(String);

impl Config {
    pub fn new(document: &[u8]) -> Config {
        Config(String::from_utf8_lossy(document).into_owned())
    }

    pub fn text(&self, key: &str) -> Option<String> {
        let value = self.value(key)?.strip_prefix('"')?;
        value.split_once('"').map(|(text, _)| unescaped(text))
    }

    pub fn number(&self, key: &str) -> Option<usize> {
        let value = self.value(key)?;
        let end = value.find(|sign: char| !sign.is_ascii_digit());
        value[..end.unwrap_or(value.len())].parse().ok()
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.0
            .split_once(&format!("\"{key}\":"))
            .map(|(_, rest)| rest.trim_start())
    }
}

/// The escapes that a test needs to write line breaks.
fn unescaped(text: &str) -> String {
    text.replace("\\r", "\r")
        .replace("\\n", "\n")
        .replace("\\\\", "\\")
}
