//! Which objects the rows speak of: a few requests answer for many rows.

use super::choice::{Known, choose};
use super::data_attribute::DATA_TYPE;
use super::values::Values;
use crate::config::Several;
use crate::contract::http::{Effect, Request};
use crate::contract::types::{Failure, FailureKind, WholeFailure};
use crate::intercom::actions::{By, Object, Reference};
use crate::intercom::envelope;
use crate::intercom::errors::{from_http, from_response, unexpected_body};
use crate::intercom::request::{self, canonical_id};
use crate::json::{self, quoted};
use crate::operation::Answer;
use crate::prelude::*;

/// Filters in one group of a search, at most.
const MOST_FILTERS: usize = 15;

/// The path of an instance of a custom object.
const INSTANCE: &str = "/custom_object_instances/{type}?external_id={external_id}";

/// Pages of one search that are read, at most: an address that more contacts share is decided among these.
const MOST_PAGES: u32 = 10;

/// What a row's reference came to.
pub struct Answered {
    /// The row.
    pub row: usize,
    /// The reference.
    pub reference: &'static Reference,
    /// The objects; none: it is not there.
    pub found: Result<Vec<Known>, Failure>,
}

/// A reference that is to be looked up.
#[derive(Debug)]
struct Wanted {
    row: usize,
    reference: &'static Reference,
    /// What of the object the row gives, and its value, in the order in which they are tried.
    by: Vec<(By, String)>,
}

/// A request, and what waits for it.
#[derive(Debug)]
struct Question {
    asks: Asks,
    wanted: Vec<Wanted>,
    found: Vec<Known>,
    over: bool,
}

#[derive(Debug)]
enum Asks {
    /// A search for contacts: its filters, where it goes on, and the pages that were read.
    Search(Vec<String>, Option<String>, u32),
    /// One object at its path.
    One(String),
    /// A list in one answer, at its path, under one of these names.
    List(String, &'static [&'static str]),
}

/// The requests of a batch.
#[derive(Debug, Default)]
pub struct Lookup {
    questions: Vec<Question>,
    /// The filters of all searches, sorted, and the question that each is in: there may be a thousand.
    filters: Vec<(String, usize)>,
}

impl Lookup {
    /// Looks for an object that a row speaks of. `guarded`: also when its id is given, since it matters when it changed.
    /// Gives whether there is anything to look for.
    pub fn want(
        &mut self,
        row: usize,
        reference: &'static Reference,
        values: &Values,
        guarded: bool,
    ) -> bool {
        let mut by: Vec<(By, String)> = Vec::new();
        for (name, kind) in reference.by {
            match values.text(name) {
                Some(value) if *kind == By::Sent => {
                    if guarded {
                        by.push((*kind, value));
                    }
                    break;
                }
                Some(value) => by.push((*kind, value)),
                None => {}
            }
        }
        let object = reference.object;
        // Of which type the attribute is, its list says alone.
        let typed = object == Object::Attribute
            && [DATA_TYPE, "options"]
                .iter()
                .any(|name| values.json(name).is_some());
        let asks = match by.first() {
            None => return false,
            Some((By::Id, id)) => match (object.path(), object.list()) {
                (_, Some((path, names))) if object == Object::TicketType || typed => {
                    Asks::List(values.path(path), names)
                }
                (Some(path), _) if guarded => Asks::One(format!("{path}{}", request::encode(id))),
                _ => return false,
            },
            Some((kind, value)) => match object.list() {
                Some((path, names)) => Asks::List(values.path(path), names),
                None if object == Object::Company => {
                    Asks::One(format!("/companies?company_id={}", request::encode(value)))
                }
                None if object == Object::Instance => Asks::One(values.path(INSTANCE)),
                None if *kind == By::Sent => return false,
                None => {
                    let place = self.search(by.iter().filter_map(filter).collect());
                    self.questions[place]
                        .wanted
                        .push(Wanted { row, reference, by });
                    return true;
                }
            },
        };
        let wanted = Wanted { row, reference, by };
        for question in &mut self.questions {
            let same = match (&question.asks, &asks) {
                (Asks::One(path), Asks::One(other))
                | (Asks::List(path, _), Asks::List(other, _)) => path == other,
                _ => false,
            };
            if same {
                question.wanted.push(wanted);
                return true;
            }
        }
        self.questions.push(Question {
            asks,
            wanted: vec![wanted],
            found: Vec::new(),
            over: false,
        });
        true
    }

    /// The question that searches by all of these filters: the one that does already, or the newest if it has room.
    fn search(&mut self, filters: Vec<String>) -> usize {
        let asked = |filter: &String| self.filters.binary_search_by(|(one, _)| one.cmp(filter));
        let places = filters
            .iter()
            .map(|filter| Some(self.filters[asked(filter).ok()?].1));
        let places: Vec<Option<usize>> = places.collect();
        if let [Some(first), others @ ..] = &places[..]
            && others.iter().all(|other| *other == Some(*first))
        {
            return *first;
        }
        let held = |question: &Question| match &question.asks {
            Asks::Search(held, ..) => Some(held.len()),
            _ => None,
        };
        let mut questions = self.questions.iter();
        let newest = questions.rposition(|question| held(question).is_some());
        let newest = newest.filter(|place| {
            held(&self.questions[*place]).is_some_and(|held| held + filters.len() <= MOST_FILTERS)
        });
        let place = newest.unwrap_or_else(|| {
            self.questions.push(Question {
                asks: Asks::Search(Vec::new(), None, 0),
                wanted: Vec::new(),
                found: Vec::new(),
                over: false,
            });
            self.questions.len() - 1
        });
        for (filter, known) in filters.into_iter().zip(places) {
            if known == Some(place) {
                continue;
            }
            match self.filters.binary_search_by(|(one, _)| one.cmp(&filter)) {
                Ok(at) => self.filters[at].1 = place,
                Err(at) => self.filters.insert(at, (filter.clone(), place)),
            }
            if let Asks::Search(held, ..) = &mut self.questions[place].asks {
                held.push(filter);
            }
        }
        place
    }

    /// The next round of requests; empty when all is known.
    pub fn requests(&self, api_version: &str) -> Vec<Request> {
        let open = self.questions.iter().filter(|question| !question.over);
        open.map(|question| match &question.asks {
            Asks::One(path) | Asks::List(path, _) => request::get(api_version, path.as_str()),
            Asks::Search(filters, after, _) => {
                let query = match &filters[..] {
                    [only] => only.clone(),
                    several => format!(r#"{{"operator":"OR","value":[{}]}}"#, several.joined(",")),
                };
                let after = after.as_ref().map(|after| format!(r#","starting_after":{}"#, quoted(after)));
                let body = format!(
                    r#"{{"query":{query},"sort":{{"field":"updated_at","order":"descending"}},"pagination":{{"per_page":150{}}}}}"#,
                    after.unwrap_or_default()
                );
                request::search(api_version, "/contacts/search", body)
            }
        })
        .collect()
    }

    /// Reads the answers of a round; gives what is decided by them.
    pub fn read(&mut self, answers: Vec<Answer>, several: Several) -> Vec<Answered> {
        let mut answered = Vec::new();
        let open = self.questions.iter_mut().filter(|question| !question.over);
        for (question, answer) in open.zip(answers) {
            let read = question.read(answer);
            if let Ok(false) = read {
                continue;
            }
            question.over = true;
            for wanted in core::mem::take(&mut question.wanted) {
                let found = match &read {
                    Err(failure) => Err(failure.clone()),
                    Ok(_) => choose(wanted.reference, &wanted.by, &question.found, several),
                };
                answered.push(Answered {
                    row: wanted.row,
                    reference: wanted.reference,
                    found,
                });
            }
        }
        answered
    }
}

/// The filter of a search that finds a contact by what a row gives.
fn filter((by, value): &(By, String)) -> Option<String> {
    let field = match by {
        By::Member(field) | By::Lead(field) => field,
        By::Id => "id",
        By::Sent => return None,
    };
    Some(format!(
        r#"{{"field":"{field}","operator":"=","value":{}}}"#,
        quoted(value)
    ))
}

impl Question {
    /// Reads an answer. Gives whether it was the last one.
    fn read(&mut self, answer: Answer) -> Result<bool, Failure> {
        let response = answer.map_err(|error| from_http(&error, Effect::Read))?;
        let one = matches!(self.asks, Asks::One(_));
        match response.status {
            200..=299 => {}
            410 if one && let Some(id) = canonical_id(&response) => {
                self.found.push(Known::with_id(id));
                return Ok(true);
            }
            404 | 410 if one => return Ok(true),
            _ => return Err(from_response(&response, Effect::Read, None)),
        }
        // To take an unreadable match for "no match" would create a second object.
        let unreadable = || {
            Box::new(WholeFailure {
                kind: FailureKind::Drift,
                ..*unexpected_body(&response, "an object in it cannot be read")
            })
        };
        let names = match &self.asks {
            Asks::Search(..) => &["data", "contacts"],
            Asks::List(_, names) => *names,
            // A company asked for by its own id may come in a list of one.
            Asks::One(_) => match envelope::items(&response.body, &["data"]) {
                Ok((items, _)) if !items.is_empty() => &["data"],
                _ => {
                    let known = json::parse(&response.body).map_err(|_| unreadable())?;
                    self.found.push(known);
                    return Ok(true);
                }
            },
        };
        let (items, continuation) = envelope::items(&response.body, names)
            .map_err(|reason| unexpected_body(&response, &reason))?;
        for item in &items {
            let known = json::parse(item.as_bytes()).map_err(|_| unreadable())?;
            self.found.push(known);
        }
        let Asks::Search(_, after, pages) = &mut self.asks else {
            return Ok(true);
        };
        *pages += 1;
        let next = continuation.starting_after.filter(|_| !items.is_empty());
        let over = next.is_none() || next == *after || *pages >= MOST_PAGES;
        *after = next;
        Ok(over)
    }
}
