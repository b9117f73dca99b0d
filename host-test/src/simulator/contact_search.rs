//! Runs a search over contacts.
//!
//! Contacts lie in the order of their last change, so a search by `updated_at` in that order reads a page and counts
//! by bisection, however many contacts there are. A search by id, external id or email looks at those contacts only.
//! Anything else looks at every contact.

use std::sync::Arc;

use super::contact::Contact;
use super::contact_view::ContactView;
use super::cursor::{self, Cursor, SortValue};
use super::errors::ApiError;
use super::generator::Generator;
use super::identifiers::{self, Kind};
use super::search::Query;
use super::search_fields::{ContactField, FieldKind};
use super::search_test::Test;
use super::spans::Spans;

/// A search that was understood.
#[derive(Debug)]
pub(crate) struct ContactSearch {
    pub(crate) query: Query<ContactField>,
    pub(crate) sort: ContactField,
    pub(crate) sort_kind: FieldKind,
    pub(crate) ascending: bool,
    pub(crate) per_page: usize,
    pub(crate) after: Option<Cursor>,
}

/// One page of what was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) contacts: Vec<Arc<Contact>>,
    pub(crate) total: u64,
    /// Sort value and id of the last one, when more follow.
    pub(crate) next: Option<(SortValue, String)>,
}

impl ContactSearch {
    /// Runs the search on contacts as the index has them.
    ///
    /// # Errors
    /// 400 when the cursor does not belong to such a search.
    pub(crate) fn run(
        &self,
        view: ContactView<'_>,
        generator: &Generator,
    ) -> Result<Found, ApiError> {
        let candidates = candidates(&self.query, view, generator);
        if self.sort.is_updated_at() && candidates.is_none() {
            self.run_in_order(view, generator)
        } else {
            self.run_sorting(view, generator, candidates)
        }
    }

    fn matches(&self, contact: &Contact, generator: &Generator) -> bool {
        self.query
            .matches(&|field, test| test.passes(&field.of(contact, generator)))
    }

    fn run_in_order(
        &self,
        view: ContactView<'_>,
        generator: &Generator,
    ) -> Result<Found, ApiError> {
        let spans = spans(&self.query);
        let exact = only_by_change(&self.query);
        let matching = |(updated_at, number)| {
            if exact && !spans.contain(updated_at) {
                return None;
            }
            let contact = view.live(number)?;
            (exact || self.matches(&contact, generator)).then_some(contact)
        };
        let all = spans.hull();
        let mut keys = all.clone();
        if let Some(cursor) = &self.after {
            let SortValue::Number(milliseconds) = cursor.sort else {
                return Err(cursor::invalid());
            };
            let seconds = milliseconds.div_euclid(1_000);
            let number = decode(generator, &cursor.id)?;
            if self.ascending {
                keys.start = keys.start.max((seconds, number.saturating_add(1)));
            } else {
                keys.end = keys.end.min((seconds, number));
            }
        }
        let mut contacts: Vec<_> = view
            .walk(keys, self.ascending)
            .filter_map(matching)
            .take(self.per_page + 1)
            .collect();
        let total = if exact {
            spans.keys().map(|keys| view.count_in(&keys)).sum()
        } else {
            view.walk(all, self.ascending).filter_map(matching).count() as u64
        };
        let more = contacts.len() > self.per_page;
        contacts.truncate(self.per_page);
        let last = contacts.last().filter(|_| more);
        let next = last.map(|last| (self.position(last, generator), last.id(generator.seed)));
        Ok(Found {
            contacts,
            total,
            next,
        })
    }

    fn run_sorting(
        &self,
        view: ContactView<'_>,
        generator: &Generator,
        candidates: Option<Vec<u64>>,
    ) -> Result<Found, ApiError> {
        let numbers: Box<dyn Iterator<Item = u64>> = match candidates {
            Some(numbers) => Box::new(numbers.into_iter()),
            None => {
                let keys = spans(&self.query).hull();
                Box::new(view.walk(keys, true).map(|(_, number)| number))
            }
        };
        let mut found: Vec<(SortValue, u64)> = numbers
            .filter_map(|number| view.live(number))
            .filter(|contact| self.matches(contact, generator))
            .map(|contact| (self.position(&contact, generator), contact.number))
            .collect();
        found.sort();
        found.dedup();
        if !self.ascending {
            found.reverse();
        }
        let start = match &self.after {
            None => 0,
            Some(cursor) => {
                let after = (cursor.sort.clone(), decode(generator, &cursor.id)?);
                found.partition_point(|position| {
                    if self.ascending {
                        *position <= after
                    } else {
                        *position >= after
                    }
                })
            }
        };
        let rest = found.get(start..).unwrap_or_default();
        let page = rest.get(..self.per_page).unwrap_or(rest);
        let last = page.last().filter(|_| rest.len() > page.len());
        Ok(Found {
            contacts: page
                .iter()
                .filter_map(|(_, number)| view.live(*number))
                .collect(),
            total: found.len() as u64,
            next: last.map(|(sort, number)| {
                (
                    sort.clone(),
                    identifiers::encode(generator.seed, Kind::Contact, *number),
                )
            }),
        })
    }

    /// What the contact is sorted by; times in milliseconds.
    fn position(&self, contact: &Contact, generator: &Generator) -> SortValue {
        match self.sort.sort_value(contact, generator) {
            SortValue::Number(seconds) if self.sort_kind == FieldKind::Date => {
                SortValue::Number(seconds.saturating_mul(1_000))
            }
            value => value,
        }
    }
}

fn decode(generator: &Generator, id: &str) -> Result<u64, ApiError> {
    identifiers::decode(generator.seed, Kind::Contact, id).ok_or_else(cursor::invalid)
}

/// The times of last change outside of which nothing can match.
fn spans(query: &Query<ContactField>) -> Spans {
    match query {
        Query::All(queries) => queries
            .iter()
            .map(spans)
            .fold(Spans::everything(), |all, spans| all.intersection(&spans)),
        Query::Any(queries) => queries
            .iter()
            .map(spans)
            .fold(Spans::nothing(), |any, spans| any.union(&spans)),
        Query::Field(field, Test::Within(start, end)) if field.is_updated_at() => {
            Spans::of(*start, *end)
        }
        Query::Field(..) => Spans::everything(),
    }
}

/// Whether a query asks for nothing but the time of the last change.
fn only_by_change(query: &Query<ContactField>) -> bool {
    match query {
        Query::All(queries) | Query::Any(queries) => queries.iter().all(only_by_change),
        Query::Field(field, Test::Within(..)) => field.is_updated_at(),
        Query::Field(..) => false,
    }
}

/// The only contacts that can match, where a query names its contacts.
fn candidates(
    query: &Query<ContactField>,
    view: ContactView<'_>,
    generator: &Generator,
) -> Option<Vec<u64>> {
    match query {
        Query::All(queries) => queries
            .iter()
            .find_map(|query| candidates(query, view, generator)),
        Query::Any(queries) => {
            let all: Option<Vec<_>> = queries
                .iter()
                .map(|query| candidates(query, view, generator))
                .collect();
            Some(all?.concat())
        }
        Query::Field(
            ContactField::Standard(name @ ("id" | "external_id" | "email")),
            Test::OneOf(values),
        ) => {
            let generated = values.iter().map(|value| {
                let text = value.as_str()?;
                Some(match *name {
                    "id" => identifiers::decode(generator.seed, Kind::Contact, text),
                    "external_id" => generator.number_of_external_id(text),
                    _ => generator.number_of_email(text),
                })
            });
            let generated: Option<Vec<_>> = generated.collect();
            let written = view.written().map(|contact| contact.number);
            Some(generated?.into_iter().flatten().chain(written).collect())
        }
        Query::Field(..) => None,
    }
}
