//! What goes out.

use crate::bindings::exports::integration::connector::connector::{Failure, Header};
use crate::deeds::{Config, failure};
use crate::http::{self, Effect, Error, Method, Request, Response};

/// Sends what is asked for; `None`: that is no deed of these.
pub fn perform(deed: &str, n: usize, config: &Config) -> Option<Result<String, Failure>> {
    match deed {
        "send" => Some(said(http::send(&request(config)))),
        // One after the other, and each has to be answered.
        "send_many" => {
            for _ in 0..n {
                if let Err(error) = http::send(&request(config)) {
                    return Some(said(Err(error)));
                }
            }
            Some(Ok(n.to_string()))
        }
        // All at once.
        "send_all" => {
            let requests: Vec<Request> = (0..n).map(|_| request(config)).collect();
            let answers = http::send_all(&requests, u32::MAX);
            let mut last = Ok(n.to_string());
            for answer in answers {
                if let Err(error) = answer {
                    last = said(Err(error));
                }
            }
            Some(last)
        }
        _ => None,
    }
}

fn request(config: &Config) -> Request {
    let name = config
        .text("header")
        .unwrap_or_else(|| "x-header".to_owned());
    let value = config.text("value").unwrap_or_default();
    let header = Header { name, value };
    Request {
        endpoint: config.text("endpoint").unwrap_or_else(|| "api".to_owned()),
        method: Method::Get,
        target: config.text("target").unwrap_or_else(|| "/".to_owned()),
        headers: vec![header; config.number("headers").unwrap_or(0)],
        body: config.number("body").map(|bytes| vec![b'x'; bytes]),
        effect: Effect::Read,
        timeout_ms: None,
    }
}

fn said(answer: Result<Response, Error>) -> Result<String, Failure> {
    match answer {
        Ok(response) => Ok(format!("{} {}", response.status, response.body.len())),
        Err(error) => Err(failure(&format!("{:?}", error.kind), &error.message)),
    }
}
