//! A file with every exchange, whole: for whoever wants to see, or to check, what a client says to the API.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde::Serialize;

use super::reply::Reply;

#[derive(Debug)]
pub(crate) struct Recorder(Mutex<File>);

/// A request and its answer; of the headers, those that say what is meant and hold no credential.
#[derive(Serialize)]
struct Exchange<'a> {
    method: &'a str,
    /// Path and query.
    target: &'a str,
    /// The request's `Intercom-Version`.
    version: Option<&'a str>,
    content_type: Option<&'a str>,
    body: &'a str,
    status: u16,
    answer: &'a str,
    /// Whether a fault made the answer something that the API would not say.
    garbled: bool,
}

impl Recorder {
    /// A recorder that appends to a file.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(crate) fn open(path: &Path) -> io::Result<Recorder> {
        let file = File::options().create(true).append(true).open(path);
        let file = file.map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        })?;
        Ok(Recorder(Mutex::new(file)))
    }

    /// Records an exchange. To be called before it is answered: whoever has the answer finds it in the file.
    pub(crate) fn append(&self, parts: &Parts, body: &[u8], reply: &Reply, garbled: bool) {
        let target = parts.uri.path_and_query();
        let exchange = Exchange {
            method: parts.method.as_str(),
            target: target.map_or("", |target| target.as_str()),
            version: header(&parts.headers, "intercom-version"),
            content_type: header(&parts.headers, "content-type"),
            body: &String::from_utf8_lossy(body),
            status: reply.status,
            answer: &String::from_utf8_lossy(&reply.body),
            garbled,
        };
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let written = serde_json::to_vec(&exchange).map_err(io::Error::from);
        let written = written.and_then(|mut line| {
            line.push(b'\n');
            // In one piece, so that no reader meets half a line of an exchange that was answered.
            file.write_all(&line)
        });
        if let Err(error) = written {
            tracing::warn!(%error, "an exchange could not be recorded");
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
