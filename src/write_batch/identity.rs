//! Who the rows are: a few searches answer for many rows.

use super::validate::Contact;
use crate::contract::http::{Effect, Request};
use crate::contract::types::{Failure, FailureKind};
use crate::intercom::envelope;
use crate::intercom::errors::{from_http, from_response, unexpected_body};
use crate::intercom::request;
use crate::json::{self, Member, Object, Unexpected, Value, quoted};
use crate::operation::Answer;

/// Filters in one group of a search, at most.
const MOST_FILTERS: usize = 15;

/// Pages of one search that are read, at most: an address that more contacts share is decided among these.
const MOST_PAGES: u32 = 10;

/// A contact that Intercom has.
#[derive(Clone, Debug)]
pub struct Known {
    /// Intercom's id.
    pub id: String,
    external_id: Option<String>,
    email: Option<String>,
    role: Option<String>,
    /// When it changed, in Unix seconds.
    pub updated_at: Option<i64>,
}

impl<'a> Value<'a> for Known {
    fn read(member: Member<'a>) -> Result<Self, Unexpected> {
        let mut members = Object::read(member)?;
        Ok(Self {
            id: members.take("id")?,
            external_id: members.take("external_id")?,
            email: members.take("email")?,
            role: members.take("role")?,
            updated_at: members.take("updated_at")?,
        })
    }
}

/// Who a row is: a contact, nobody yet, or not to be found out now.
pub type Identified = (usize, Result<Option<Known>, Failure>);

/// What a row is found by.
#[derive(Debug)]
struct Wanted {
    row: usize,
    external_id: Option<String>,
    email: Option<String>,
}

/// One search for several rows.
#[derive(Debug)]
struct Search {
    filters: Vec<String>,
    wanted: Vec<Wanted>,
    after: Option<String>,
    pages: u32,
    over: bool,
}

/// The searches of a batch, and the contacts that they found.
#[derive(Debug, Default)]
pub struct Lookup {
    searches: Vec<Search>,
    found: Vec<Known>,
}

impl Lookup {
    /// The searches that these rows need.
    pub fn new<'a>(rows: impl Iterator<Item = (usize, &'a Contact)>) -> Self {
        let mut searches: Vec<Search> = Vec::new();
        for (row, contact) in rows {
            let wanted = Wanted {
                row,
                external_id: contact.external_id.clone(),
                email: contact.email.clone(),
            };
            let filter = |field: &str, value: &String| {
                format!(
                    r#"{{"field":"{field}","operator":"=","value":{}}}"#,
                    quoted(value)
                )
            };
            let mut filters: Vec<String> = contact
                .external_id
                .iter()
                .map(|id| filter("external_id", id))
                .collect();
            filters.extend(contact.email.iter().map(|email| filter("email", email)));
            match searches
                .last_mut()
                .filter(|search| search.filters.len() + filters.len() <= MOST_FILTERS)
            {
                Some(search) => {
                    search.filters.append(&mut filters);
                    search.wanted.push(wanted);
                }
                None => searches.push(Search {
                    filters,
                    wanted: vec![wanted],
                    after: None,
                    pages: 0,
                    over: false,
                }),
            }
        }
        Self {
            searches,
            ..Self::default()
        }
    }

    /// The next round of requests; empty when all is known.
    pub fn requests(&self, api_version: &str) -> Vec<Request> {
        self.searches
            .iter()
            .filter(|search| !search.over)
            .map(|search| {
                let query = match &search.filters[..] {
                    [only] => only.clone(),
                    several => format!(r#"{{"operator":"OR","value":[{}]}}"#, several.join(",")),
                };
                let after = search.after.as_ref().map(|after| format!(r#","starting_after":{}"#, quoted(after)));
                let body = format!(
                    r#"{{"query":{query},"sort":{{"field":"updated_at","order":"descending"}},"pagination":{{"per_page":150{}}}}}"#,
                    after.unwrap_or_default()
                );
                request::search(api_version, "/contacts/search", body)
            })
            .collect()
    }

    /// Reads the answers of a round; gives the rows that are decided by them.
    pub fn read(&mut self, answers: Vec<Answer>) -> Vec<Identified> {
        let mut searches = std::mem::take(&mut self.searches);
        let mut identified = Vec::new();
        for (search, answer) in searches
            .iter_mut()
            .filter(|search| !search.over)
            .zip(answers)
        {
            match self.read_page(answer) {
                Ok(next) => {
                    search.pages += 1;
                    search.over =
                        next.is_none() || next == search.after || search.pages >= MOST_PAGES;
                    search.after = next;
                    if search.over {
                        let known = search
                            .wanted
                            .iter()
                            .map(|one| (one.row, Ok(self.choose(one))));
                        identified.extend(known);
                    }
                }
                Err(failure) => {
                    search.over = true;
                    identified.extend(
                        search
                            .wanted
                            .iter()
                            .map(|one| (one.row, Err(failure.clone()))),
                    );
                }
            }
        }
        self.searches = searches;
        identified
    }

    fn read_page(&mut self, answer: Answer) -> Result<Option<String>, Failure> {
        let response = answer.map_err(|error| from_http(&error, Effect::Read))?;
        if !(200..300).contains(&response.status) {
            return Err(from_response(
                &response,
                Effect::Read,
                Some("Read and list users and companies"),
            ));
        }
        let (items, continuation) = envelope::items(&response.body, &["data", "contacts"])
            .map_err(|reason| unexpected_body(&response, &reason))?;
        for item in &items {
            // To take an unreadable match for "no match" would create a second contact.
            let known: Known = json::parse(item.as_bytes()).map_err(|_| Failure {
                kind: FailureKind::Drift,
                ..unexpected_body(&response, "a contact in it cannot be read")
            })?;
            self.found.push(known);
        }
        Ok(continuation.starting_after.filter(|_| !items.is_empty()))
    }

    /// The contact of an identity: by external id, else by e-mail. When several share it, a user goes before a lead, and
    /// the one changed last before the others.
    fn choose(&self, wanted: &Wanted) -> Option<Known> {
        let (external_id, email) = (wanted.external_id.as_deref(), wanted.email.as_deref());
        let best = |same: &dyn Fn(&Known) -> bool| {
            let found = self.found.iter().filter(|known| same(known));
            found
                .max_by_key(|known| {
                    (
                        known.role.as_deref() == Some("user"),
                        known.updated_at,
                        &known.id,
                    )
                })
                .cloned()
        };
        let by_external_id =
            external_id.and_then(|id| best(&|known| known.external_id.as_deref() == Some(id)));
        by_external_id.or_else(|| {
            let email = email?;
            best(&|known| {
                known
                    .email
                    .as_deref()
                    .is_some_and(|other| other.trim().eq_ignore_ascii_case(email))
            })
        })
    }
}
