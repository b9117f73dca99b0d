//! Whether a request that may have been applied was: what it makes is looked for, by author, content and time.

use super::values::Values;
use crate::contract::http::{Effect, Request};
use crate::contract::types::Failure;
use crate::intercom::actions::{Probe, Replay};
use crate::intercom::errors::{from_http, from_response, unexpected_body};
use crate::intercom::request::{self, server_time};
use crate::json::{self, Member, Object};
use crate::operation::Answer;
use crate::prelude::*;
use crate::watermark::LAG_SECONDS;

/// How far the clocks of a host and of Intercom may be apart, in seconds, while no answer says it.
pub const SKEW: i64 = 60;

/// What is left of it when an answer says it: times are whole seconds.
const ROUNDING: i64 = 2;

/// How long what is indexed may be invisible, in milliseconds.
pub const LAG_MS: u64 = LAG_SECONDS as u64 * 1_000;

/// What a look says.
#[derive(Debug, PartialEq)]
pub enum Seen {
    /// It was applied; the id of what it made, where it has one.
    Applied(Option<String>),
    /// It was not.
    Not,
    /// It is not to be seen, and may become so for so many milliseconds.
    NotYet(u64),
}

/// The request of the look; none: there is nothing to look for.
pub fn request(replay: &Replay, api_version: &str, values: &Values) -> Option<Request> {
    match replay {
        Replay::Safe | Replay::Blind => None,
        Replay::Gone(path) => Some(request::get(api_version, values.path(path))),
        Replay::Probe(probe) => {
            let path = values.path(probe.path);
            Some(match values.body(probe.body, [].into_iter()) {
                None => request::get(api_version, path),
                Some(body) => request::search(api_version, path, body),
            })
        }
    }
}

/// Reads the answer. `sent_ms`: when the request was sent first; `taken`: ids that other rows have made.
///
/// # Errors
/// When it says nothing.
pub fn read(
    replay: &Replay,
    answer: Answer,
    values: &Values,
    sent_ms: i64,
    now_ms: i64,
    taken: &[String],
) -> Result<Seen, Failure> {
    let response = answer.map_err(|error| from_http(&error, Effect::Read))?;
    match (replay, response.status) {
        (Replay::Gone(_), 404 | 410) => return Ok(Seen::Applied(None)),
        (Replay::Gone(_), 200..=299) => return Ok(Seen::Not),
        // What it hangs on is gone: that is for the request itself to find out.
        (_, 404 | 410) => return Ok(Seen::Not),
        (_, 200..=299) => {}
        _ => return Err(from_response(&response, Effect::Read, None)),
    }
    let Replay::Probe(probe) = replay else {
        return Ok(Seen::Not);
    };
    if json::parse::<Object>(&response.body).is_err() {
        return Err(unexpected_body(&response, "it is no object"));
    }
    // When it was sent by Intercom's clock. What is older is somebody else's.
    let sent = sent_ms.div_euclid(1_000);
    let since = match server_time(&response) {
        Some(there) => sent + (there - now_ms.div_euclid(1_000)) - ROUNDING,
        None => sent - SKEW,
    };
    if let Some(id) = find(false, probe, &response.body, values, since, taken) {
        return Ok(Seen::Applied(Some(id).filter(|id| !id.is_empty())));
    }
    let over = sent_ms.saturating_add_unsigned(LAG_MS);
    match u64::try_from(over.saturating_sub(now_ms)) {
        Ok(wait) if probe.indexed && wait > 0 => Ok(Seen::NotYet(wait)),
        _ => Ok(Seen::Not),
    }
}

/// The id of what a row made since a second, in an answer that holds it. `newest`: of several that were made so, the last
/// one; else the first one that is left, since each row has its own.
pub fn find(
    newest: bool,
    probe: &Probe,
    body: &[u8],
    values: &Values,
    since: i64,
    taken: &[String],
) -> Option<String> {
    let mut json = core::str::from_utf8(body).ok()?;
    for name in probe.within {
        json = json::member(json, name)?;
    }
    let candidates: Vec<Object> = match json::parse(json.as_bytes()).ok()? {
        Member::List(list) => json::parse(list.as_bytes()).ok()?,
        Member::Object(object) => vec![json::parse(object.as_bytes()).ok()?],
        _ => return None,
    };
    let given: Option<i64> = values.text("created_at").and_then(|text| text.parse().ok());
    let mut found: Vec<(Option<i64>, String)> = Vec::new();
    for candidate in &candidates {
        let at = number(candidate.get("created_at"));
        let in_time = match (at, given) {
            (Some(at), Some(given)) => at == given,
            (Some(at), None) => at >= since,
            (None, _) => true,
        };
        let kind = probe.kinds.is_empty()
            || matches!(candidate.get("part_type"), Some(Member::Text(kind)) if probe.kinds.contains(&kind.as_str()));
        let id = plain(candidate.get("id"));
        let same = |(path, name): &(&str, &str)| match values.json(name) {
            None | Some("null") => true,
            Some(wanted) => is_same(candidate, path, wanted),
        };
        if in_time && kind && !taken.contains(&id) && probe.same.iter().all(same) {
            found.push((at, id));
        }
    }
    let found = found.into_iter();
    let one = if newest { found.max() } else { found.min() };
    one.map(|(_, id)| id)
}

fn is_same(candidate: &Object, path: &str, wanted: &str) -> bool {
    let Ok(wanted) = json::parse::<Member>(wanted.as_bytes()) else {
        return false;
    };
    let (name, inner) = path.split_once('.').unwrap_or((path, ""));
    match (candidate.get(name), &wanted) {
        (Some(Member::Object(json)), Member::Object(all)) => {
            let there: Object = json::parse(json.as_bytes()).unwrap_or_default();
            let all: Object = json::parse(all.as_bytes()).unwrap_or_default();
            // Title and description come back as they were given; of what is chosen from a list, the form may differ.
            let mut said = all
                .0
                .iter()
                .filter(|(name, _)| name.starts_with("_default_"));
            said.all(|(name, value)| plain(there.get(name)) == plain(Some(value)))
        }
        (Some(Member::Object(json)), _) => {
            let object: Object = json::parse(json.as_bytes()).unwrap_or_default();
            plain(object.get(inner)) == plain(Some(&wanted))
        }
        (found, _) => plain(found) == plain(Some(&wanted)),
    }
}

/// A whole number, which may come as text.
pub fn number(value: Option<&Member>) -> Option<i64> {
    match value {
        Some(Member::Number(digits)) => digits.parse().ok(),
        Some(Member::Text(digits)) => digits.parse().ok(),
        _ => None,
    }
}

/// What a value says, without mark-up and space: Intercom wraps plain text in a paragraph and cleans HTML.
fn plain(value: Option<&Member>) -> String {
    let text = match value {
        Some(Member::Text(text)) => text.as_str(),
        Some(Member::Number(digits)) => return (*digits).to_owned(),
        Some(Member::Boolean(truth)) => return truth.to_string(),
        Some(Member::List(json) | Member::Object(json)) => return (*json).to_owned(),
        Some(Member::Null) | None => return String::new(),
    };
    let mut out = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let tag = rest
            .strip_prefix('<')
            .filter(|inside| {
                inside.starts_with(|next: char| {
                    next.is_ascii_alphabetic() || matches!(next, '/' | '!')
                })
            })
            .and_then(|inside| inside.split_once('>'));
        let entity = ENTITIES.iter().find(|(name, _)| rest.starts_with(name));
        rest = match (tag, entity) {
            (Some((_, after)), _) => after,
            (None, Some((name, stands_for))) => {
                out.push_str(stands_for);
                rest.get(name.len()..).unwrap_or_default()
            }
            (None, None) => {
                if !letter.is_whitespace() {
                    out.push(letter);
                }
                rest.get(letter.len_utf8()..).unwrap_or_default()
            }
        };
    }
    out
}

const ENTITIES: &[(&str, &str)] = &[
    ("&amp;", "&"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&nbsp;", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> String {
        plain(Some(&Member::Text(value.to_owned())))
    }

    #[test]
    fn what_is_said_is_the_same_with_and_without_markup() {
        assert_eq!(text("<p>Tom &amp; Ada</p>\n<br/>"), text("Tom & Ada"));
        assert_eq!(text("1 < 2 and 3 > 2"), "1<2and3>2");
        assert_ne!(text("a"), text("b"));
        assert_eq!(text("<unfinished"), "<unfinished");
    }

    const NOTES: Probe = Probe {
        path: "/contacts/{contact}/notes",
        body: "",
        within: &["data"],
        kinds: &[],
        same: &[("body", "body"), ("author.id", "admin_id")],
        indexed: false,
    };

    #[test]
    fn a_note_is_found_by_author_text_and_time_and_only_once() {
        let mut values = Values::default();
        values.set("body", "\"Hello\"".to_owned());
        values.set("admin_id", "\"7\"".to_owned());
        let body = br#"{"data":[
            {"id":"9","created_at":1000,"body":"<p>Hello</p>","author":{"id":7}},
            {"id":"3","created_at":900,"body":"<p>Hello</p>","author":{"id":"7"}},
            {"id":"5","created_at":1000,"body":"<p>Hello</p>","author":{"id":"8"}},
            {"id":"6","created_at":1000,"body":"<p>Hello!</p>","author":{"id":"7"}}]}"#;
        let look = |taken: &[String]| find(false, &NOTES, body, &values, 950, taken);
        assert_eq!(look(&[]).as_deref(), Some("9"));
        assert_eq!(look(&["9".to_owned()]), None);
    }

    #[test]
    fn what_is_indexed_may_still_come() {
        const INDEXED: &Probe = &Probe {
            indexed: true,
            ..NOTES
        };
        let replay = Replay::Probe(INDEXED);
        let look = |now_ms| {
            let response = crate::contract::http::Response {
                status: 200,
                headers: Vec::new(),
                body: br#"{"data":[]}"#.to_vec(),
            };
            read(&replay, Ok(response), &Values::default(), 0, now_ms, &[])
        };
        assert_eq!(
            look(60_000),
            Ok(Seen::NotYet(LAG_SECONDS as u64 * 1_000 - 60_000))
        );
        assert_eq!(look(LAG_SECONDS * 1_000), Ok(Seen::Not));
    }
}
