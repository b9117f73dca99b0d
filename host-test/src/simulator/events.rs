//! The events of one contact: a page of them, or how often each happened. There is no list of everybody's.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::call::{Answer, Call, Outcome};
use super::contact::Contact;
use super::errors::ApiError;
use super::event::{EVENTS, Event, EventBody, LISTED, Times};
use super::moment;
use super::people::{USER_KEYS, contact_with};
use super::route::Route;
use super::topics::Subject;
use super::version::ApiVersion;
use super::workspace::{State, Workspace};

pub(crate) const ROUTES: &[Route] = &[Route::new("GET", "/events", "events", list)];

const PAGE: usize = 15;
const LARGEST_PAGE: usize = 150;

/// The answer in both its forms. With the list comes `pages`; who did it all is there as well in older versions, which
/// call either form a summary.
#[derive(Serialize)]
struct EventList<'a, T> {
    #[serde(rename = "type")]
    kind: &'static str,
    events: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pages: Option<Pages>,
    #[serde(flatten)]
    actor: Option<Actor<'a>>,
}

#[derive(Serialize)]
struct Actor<'a> {
    email: Option<&'a str>,
    intercom_user_id: &'a str,
    user_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Pages {
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
}

/// How often an event happened.
#[derive(Serialize)]
struct Summary<'a> {
    name: &'a str,
    first: String,
    last: String,
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'static str>,
}

fn list(workspace: &Workspace, call: &Call) -> Outcome {
    if call.query("type") != Some("user") {
        return Err(ApiError::parameter_invalid("type must be user"));
    }
    let (contact, events, submitted) = {
        let state = workspace.read();
        let contact = find(workspace, &state, call)?;
        let events = state.events.of(&workspace.generator, contact.number);
        let submitted = state.events.summaries_of(contact.number);
        (contact, events, submitted)
    };
    let id = contact.id(workspace.options.seed);
    let actor = Actor {
        email: contact.email.as_deref(),
        intercom_user_id: &id,
        user_id: contact.external_id.as_deref(),
    };
    if call.flag("summary") {
        return Answer::json(&EventList {
            kind: "event.summary",
            events: summaries(&events, &submitted),
            pages: None,
            actor: Some(actor),
        });
    }
    let (page, pages) = page(workspace, call, &events)?;
    let bodies: Vec<EventBody> = page.iter().map(|event| event.body(&contact, &id)).collect();
    let named_summary = call.version < ApiVersion::V2_16;
    Answer::json(&EventList {
        kind: if named_summary {
            "event.summary"
        } else {
            "event.list"
        },
        events: bodies,
        pages: Some(pages),
        actor: named_summary.then_some(actor),
    })
}

/// The contact that the query names.
fn find(workspace: &Workspace, state: &State, call: &Call) -> Result<Arc<Contact>, ApiError> {
    let given = USER_KEYS
        .iter()
        .find_map(|(name, key)| Some((*key, call.query(name)?)));
    let (key, value) = given.ok_or_else(|| {
        ApiError::parameter_not_found("user_id, email or intercom_user_id is a required parameter")
    })?;
    contact_with(workspace, state, key, value).ok_or_else(ApiError::contact_not_found)
}

/// A page of events that can still be listed. A full page has a next one, which may turn out empty: nobody looks ahead.
fn page<'a>(
    workspace: &Workspace,
    call: &Call,
    events: &'a [Event],
) -> Result<(Vec<&'a Event>, Pages), ApiError> {
    let (before, since) = (moment(call, "before")?, moment(call, "since")?);
    let size = call.per_page(PAGE, LARGEST_PAGE)?;
    let horizon = workspace.event_horizon();
    let wanted = events.iter().filter(|event| {
        event.at >= horizon
            && before.is_none_or(|before| event.at < before)
            && since.is_none_or(|since| event.at > since)
    });
    let page: Vec<&Event> = wanted.take(size).collect();
    let (newest, oldest) = (page.first(), page.last());
    let pages = Pages {
        next: oldest
            .filter(|_| page.len() == size)
            .map(|oldest| address(workspace, call, "before", oldest.at)),
        since: newest.map(|newest| address(workspace, call, "since", newest.at)),
    };
    Ok((page, pages))
}

/// A time in milliseconds that the query names.
fn moment(call: &Call, name: &str) -> Result<Option<i64>, ApiError> {
    let text = call.query(name);
    text.map(|text| {
        text.parse().map_err(|_| {
            ApiError::parameter_invalid(format!("{name} must be a time in milliseconds"))
        })
    })
    .transpose()
}

/// The address of the same question, from another time on.
fn address(workspace: &Workspace, call: &Call, name: &str, milliseconds: i64) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let superseded = |given: &str| given == name || (name == "since" && given == "before");
    for (given, value) in &call.query {
        if !superseded(given) {
            query.append_pair(given, value);
        }
    }
    query.append_pair(name, &milliseconds.to_string());
    format!("{}/events?{}", workspace.url, query.finish())
}

/// How often each event happened, also longer ago than events are listed, and with what was submitted as a sum; in the order
/// of their names.
fn summaries<'a>(events: &'a [Event], submitted: &'a BTreeMap<String, Times>) -> Vec<Summary<'a>> {
    let submitted = submitted
        .iter()
        .map(|(name, times)| (name.as_str(), *times));
    let mut by_name: BTreeMap<&str, Times> = submitted.collect();
    for event in events {
        let times = Times::once(event.created_at());
        let known = by_name.entry(&event.name);
        known.and_modify(|known| known.join(times)).or_insert(times);
    }
    let summaries = by_name.into_iter().map(|(name, times)| {
        let description = EVENTS.iter().find(|(known, _)| *known == name);
        Summary {
            name,
            first: moment::whole(times.first),
            last: moment::whole(times.last),
            count: times.count,
            description: description.map(|(_, description)| *description),
        }
    });
    summaries.collect()
}

impl Workspace {
    /// Events from before this time, in milliseconds, are no longer listed: 90 days before the epoch of the generated
    /// data, and later as time passes here. (The machine's clock may be far from the epoch.)
    pub(crate) fn event_horizon(&self) -> i64 {
        let epoch = self.options.epoch.saturating_mul(1_000);
        epoch
            .saturating_add(self.clock.elapsed())
            .saturating_sub(LISTED)
    }

    /// The events of a contact that can be listed, newest first, as the API renders them.
    ///
    /// # Errors
    /// 404 for a contact that cannot be read.
    pub fn events(&self, contact: &str) -> Result<Vec<Value>, ApiError> {
        let number = self.contact_number(contact)?;
        let state = self.read();
        let live = self.live(&state, number)?;
        let horizon = self.event_horizon();
        let events = state.events.of(&self.generator, number);
        let listed = events.iter().filter(|event| event.at >= horizon);
        let bodies =
            listed.filter_map(|event| serde_json::to_value(event.body(&live, contact)).ok());
        Ok(bodies.collect())
    }

    /// Adds an event of a contact, at a time in Unix seconds (now when none is given), and returns its id. The same event
    /// in the same second is one. With `touch` the contact's `updated_at` becomes now.
    ///
    /// # Errors
    /// 404 for a contact that cannot be read.
    pub fn add_event(
        &self,
        contact: &str,
        name: &str,
        created_at: Option<i64>,
        metadata: Map<String, Value>,
        touch: bool,
    ) -> Result<String, ApiError> {
        let number = self.contact_number(contact)?;
        let event = {
            let mut state = self.write();
            let live = self.live(&state, number)?;
            let created_at = created_at.unwrap_or_else(|| self.now());
            let (event, is_new) =
                state
                    .events
                    .add(&self.generator, number, name, created_at, metadata);
            if is_new {
                let subject = Subject {
                    event: Some(&event),
                    ..Subject::contact(&live)
                };
                self.tell(&state, "event.created", subject);
            }
            event
        };
        if touch {
            self.touch_contact(contact, json!({}))?;
        }
        Ok(event.id)
    }
}
