//! Runs a search over records that are kept in the order of their last change.
//!
//! A search by `updated_at` in that order reads a page and counts by bisection, however many records there are. A search
//! by what leads to a record's number, such as its id, looks at those records only. Anything else looks at every record.

use std::sync::Arc;

use super::cursor::{self, Cursor, SortValue};
use super::errors::ApiError;
use super::generator::Generator;
use super::ordered::{OrderedView, Record};
use super::search::Query;
use super::search_fields::{FieldKind, FieldValue};
use super::search_test::Test;
use super::spans::Spans;

/// Records that can be searched.
pub(crate) trait Searchable: Record {
    /// Names what can be searched and sorted by.
    type Field;

    /// The id of the record with this number.
    fn encode(generator: &Generator, number: u64) -> String;
    /// The number that an id leads to.
    fn decode(generator: &Generator, id: &str) -> Option<u64>;
    /// Whether a field is the time of the last change.
    fn is_updated_at(field: &Self::Field) -> bool;
    /// The value of a field.
    fn value<'a>(&'a self, field: &Self::Field, generator: &Generator) -> FieldValue<'a>;
    /// Numbers of the only generated records that can have one of these values in a field; `None` when any can.
    fn named(generator: &Generator, field: &Self::Field, values: &[&str]) -> Option<Vec<u64>>;
}

/// A search that was understood.
#[derive(Debug)]
pub(crate) struct Search<F> {
    pub(crate) query: Query<F>,
    pub(crate) sort: F,
    pub(crate) sort_kind: FieldKind,
    pub(crate) ascending: bool,
    pub(crate) per_page: usize,
    pub(crate) after: Option<Cursor>,
}

/// One page of what was found.
#[derive(Debug)]
pub(crate) struct Found<R> {
    pub(crate) records: Vec<Arc<R>>,
    pub(crate) total: u64,
    /// Sort value and id of the last one, when more follow.
    pub(crate) next: Option<(SortValue, String)>,
}

impl<F> Search<F> {
    /// Runs the search on records as the index has them.
    ///
    /// # Errors
    /// 400 when the cursor does not belong to such a search.
    pub(crate) fn run<R: Searchable<Field = F>>(
        &self,
        view: OrderedView<'_, R>,
    ) -> Result<Found<R>, ApiError> {
        let candidates = candidates::<R>(&self.query, view.generator).map(|mut numbers| {
            numbers.extend(view.written().map(|record| record.number()));
            numbers.sort_unstable();
            numbers.dedup();
            numbers
        });
        if R::is_updated_at(&self.sort) && candidates.is_none() {
            self.run_in_order(view)
        } else {
            self.run_sorting(view, candidates)
        }
    }

    fn matches<R: Searchable<Field = F>>(&self, record: &R, generator: &Generator) -> bool {
        self.query
            .matches(&|field, test| test.passes(&record.value(field, generator)))
    }

    fn run_in_order<R: Searchable<Field = F>>(
        &self,
        view: OrderedView<'_, R>,
    ) -> Result<Found<R>, ApiError> {
        let generator = view.generator;
        let spans = spans::<R>(&self.query);
        let exact = only_by_change::<R>(&self.query);
        let matching = |(updated_at, number)| {
            if exact && !spans.contain(updated_at) {
                return None;
            }
            let record = view.live(number)?;
            (exact || self.matches(&*record, generator)).then_some(record)
        };
        let all = spans.hull();
        let mut keys = all.clone();
        if let Some(cursor) = &self.after {
            let SortValue::Number(milliseconds) = cursor.sort else {
                return Err(cursor::invalid());
            };
            let seconds = milliseconds.div_euclid(1_000);
            let number = decode::<R>(generator, &cursor.id)?;
            if self.ascending {
                keys.start = keys.start.max((seconds, number.saturating_add(1)));
            } else {
                keys.end = keys.end.min((seconds, number));
            }
        }
        let mut records: Vec<_> = view
            .walk(keys, self.ascending)
            .filter_map(matching)
            .take(self.per_page + 1)
            .collect();
        let total = if exact {
            spans.keys().map(|keys| view.count_in(&keys)).sum()
        } else {
            view.walk(all, self.ascending).filter_map(matching).count() as u64
        };
        let more = records.len() > self.per_page;
        records.truncate(self.per_page);
        let last = records.last().filter(|_| more);
        let next = last.map(|last| {
            let id = R::encode(generator, last.number());
            (self.position(&**last, generator), id)
        });
        Ok(Found {
            records,
            total,
            next,
        })
    }

    fn run_sorting<R: Searchable<Field = F>>(
        &self,
        view: OrderedView<'_, R>,
        candidates: Option<Vec<u64>>,
    ) -> Result<Found<R>, ApiError> {
        let generator = view.generator;
        let numbers: Box<dyn Iterator<Item = u64>> = match candidates {
            Some(numbers) => Box::new(numbers.into_iter()),
            None => {
                let keys = spans::<R>(&self.query).hull();
                Box::new(view.walk(keys, true).map(|(_, number)| number))
            }
        };
        let mut found: Vec<(SortValue, u64)> = numbers
            .filter_map(|number| view.live(number))
            .filter(|record| self.matches(&**record, generator))
            .map(|record| (self.position(&*record, generator), record.number()))
            .collect();
        found.sort();
        found.dedup();
        if !self.ascending {
            found.reverse();
        }
        let start = match &self.after {
            None => 0,
            Some(cursor) => {
                let after = (cursor.sort.clone(), decode::<R>(generator, &cursor.id)?);
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
            records: page
                .iter()
                .filter_map(|(_, number)| view.live(*number))
                .collect(),
            total: found.len() as u64,
            next: last.map(|(sort, number)| (sort.clone(), R::encode(generator, *number))),
        })
    }

    /// What a record is sorted by; times in milliseconds.
    fn position<R: Searchable<Field = F>>(&self, record: &R, generator: &Generator) -> SortValue {
        match record.value(&self.sort, generator).sort() {
            SortValue::Number(seconds) if self.sort_kind == FieldKind::Date => {
                SortValue::Number(seconds.saturating_mul(1_000))
            }
            value => value,
        }
    }
}

fn decode<R: Searchable>(generator: &Generator, id: &str) -> Result<u64, ApiError> {
    R::decode(generator, id).ok_or_else(cursor::invalid)
}

/// The times of last change outside of which nothing can match.
fn spans<R: Searchable>(query: &Query<R::Field>) -> Spans {
    match query {
        Query::All(queries) => queries
            .iter()
            .map(spans::<R>)
            .fold(Spans::everything(), |all, spans| all.intersection(&spans)),
        Query::Any(queries) => queries
            .iter()
            .map(spans::<R>)
            .fold(Spans::nothing(), |any, spans| any.union(&spans)),
        Query::Field(field, Test::Within(start, end)) if R::is_updated_at(field) => {
            Spans::of(*start, *end)
        }
        Query::Field(..) => Spans::everything(),
    }
}

/// Whether a query asks for nothing but the time of the last change.
fn only_by_change<R: Searchable>(query: &Query<R::Field>) -> bool {
    match query {
        Query::All(queries) | Query::Any(queries) => queries.iter().all(only_by_change::<R>),
        Query::Field(field, Test::Within(..)) => R::is_updated_at(field),
        Query::Field(..) => false,
    }
}

/// The only generated records that can match, where a query names its records; written ones are looked at beside them.
fn candidates<R: Searchable>(query: &Query<R::Field>, generator: &Generator) -> Option<Vec<u64>> {
    match query {
        Query::All(queries) => queries
            .iter()
            .find_map(|query| candidates::<R>(query, generator)),
        Query::Any(queries) => {
            let all: Option<Vec<_>> = queries
                .iter()
                .map(|query| candidates::<R>(query, generator))
                .collect();
            Some(all?.concat())
        }
        Query::Field(field, Test::OneOf(values)) => {
            let values: Option<Vec<&str>> = values.iter().map(|value| value.as_str()).collect();
            R::named(generator, field, &values?)
        }
        Query::Field(..) => None,
    }
}
