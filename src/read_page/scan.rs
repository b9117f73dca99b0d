//! Everything that a page depends on.

use crate::prelude::*;
use litemap::LiteMap;
use records::search::find;

use super::filter::Filter;
use super::joins;
use super::place::{Place, begin, go_on, of_keys};
use super::window::Window;
use crate::config::Config;
use crate::contract::connector::{PageRequest, Selection};
use crate::contract::types::{Connection, Failure, Notice};
use crate::cursor::{self, Position};
use crate::failure::{invalid_input, problem};
use crate::intercom::normalize::Normalizer;
use crate::intercom::streams::{Given, OF_TYPE, Paging, Stream};
use crate::map_record;
use crate::map_record::known_stream;
use crate::mapping::Mapping;
use crate::operation::Moment;
use crate::triggers::Triggers;

/// Everything that a page depends on.
pub struct Scan {
    pub config: Config,
    pub stream: &'static Stream,
    pub mapping: Mapping,
    pub triggers: Triggers<'static>,
    pub window: Window,
    pub filter: Filter,
    pub max_entries: u32,
    pub max_bytes: u64,
    pub time_budget_ms: u64,
    /// Whether rows of other streams stay where records embed them.
    pub embedded: bool,
    /// How much of it has to be read for each record that records do not hold and mappings ask for.
    pub joins: usize,
    /// What was read of it for the page, by ids.
    pub joined: LiteMap<String, String>,
    /// Contacts that show some of their companies only, each with one that was read for it.
    pub links: Vec<(String, String)>,
    /// What is to be said of what could not be read.
    pub unjoined: Vec<Notice>,
    pub place: Place,
}

impl Scan {
    pub fn new(connection: &Connection, request: &PageRequest) -> Result<Self, Failure> {
        let stream = known_stream(&request.stream)?;
        let config = Config::of(connection)?;
        offered(stream, &config)?;
        listed(stream, &request.selection)?;
        let filter = Filter::of(stream, request.filter.as_deref())?;
        let mut window = Window::of(&request.selection);
        window.since = window.since.into_iter().chain(filter.since).max();
        let place = match (&request.selection, &request.cursor) {
            (Selection::Keys(keys), cursor) => of_keys(stream, keys, cursor.as_deref())?,
            (_, None) => Place::Walk(begin(stream, window)),
            (_, Some(cursor)) => {
                let position = go_on(stream, window, cursor::decode(stream.name, cursor)?);
                Place::Walk(position.ok_or_else(|| {
                    cursor::unreadable(
                        stream.name,
                        "it belongs to another way of reading the stream",
                    )
                })?)
            }
        };
        // A record takes about this much; the host's limits are soft.
        let fitting = u32::try_from(request.max_bytes / 4_096).unwrap_or(u32::MAX);
        let mapping = Mapping::of(connection)?;
        let triggers = Triggers::of(connection)?.into_owned();
        let section = mapping.section(stream.name);
        let joins = section.map_or(0, |section| section.joins());
        let joins = joins.max(triggers.joins(stream));
        let most = match joins {
            0 => u32::MAX,
            _ => joins::MOST_RECORDS,
        };
        Ok(Self {
            config,
            stream,
            mapping,
            triggers,
            window,
            filter,
            max_entries: request.max_entries.min(fitting).min(most).max(1),
            max_bytes: request.max_bytes,
            time_budget_ms: request.time_budget_ms,
            embedded: false,
            joins,
            joined: LiteMap::new(),
            links: Vec::new(),
            unjoined: Vec::new(),
            place,
        })
    }

    /// The walk through another stream, whose rows are not given: this stream's hang on them.
    pub fn of_parents(&self, parent: &'static Stream, given: Given, position: Position) -> Self {
        let window = match given {
            Given::WithParent => self.window,
            Given::ByTime | Given::Always => Window::default(),
        };
        Self {
            config: self.config.clone(),
            stream: parent,
            mapping: Mapping::default(),
            triggers: Triggers::default(),
            window,
            filter: Filter::default(),
            embedded: true,
            joins: 0,
            joined: LiteMap::new(),
            links: Vec::new(),
            unjoined: Vec::new(),
            place: Place::Walk(position),
            ..*self
        }
    }

    pub fn normalizer(&self) -> Normalizer<'static> {
        let section = self.mapping.section(self.stream.name);
        let is_watched = self.triggers.watch(self.stream);
        let mut normalizer = map_record::normalizer(self.stream, section, is_watched);
        if is_watched {
            normalizer = normalizer.with_aside();
        }
        match self.embedded {
            true => normalizer.with_embedded(),
            false => normalizer,
        }
    }

    /// Whether the call may ask for more.
    pub fn has_time(&self, moment: Moment) -> bool {
        moment.elapsed_ms < self.time_budget_ms / 4 * 3
    }

    /// Rows to ask for at once.
    pub fn per_page(&self) -> u32 {
        self.max_entries
            .min(self.stream.per_page.unwrap_or(u32::MAX))
    }
}

fn offered(stream: &Stream, config: &Config) -> Result<(), Failure> {
    if !stream.versions.contains(&config.api_version) {
        let there = stream.versions.joined(", ");
        return Err(invalid_input(
            "not_in_version",
            format!(
                "stream `{}` does not exist in API version {}; it is in {there}",
                stream.name, config.api_version
            ),
            vec![problem(
                "config.api_version",
                "not_in_version",
                "this version lacks the stream",
            )],
        ));
    }
    let typed = matches!(stream.paging, Paging::Pages(_)) && find(stream.path, OF_TYPE).is_some();
    if typed && config.custom_object_types.is_empty() {
        return Err(invalid_input(
            "missing",
            format!(
                "stream `{}` needs the types of custom objects to read: set `custom_object_types`.",
                stream.name
            ),
            vec![problem(
                "config.custom_object_types",
                "missing",
                "name the types of custom objects, by their identifiers",
            )],
        ));
    }
    Ok(())
}

/// Whether more than single rows of it can be read.
fn listed(stream: &Stream, selection: &Selection) -> Result<(), Failure> {
    if stream.listed() || matches!(selection, Selection::Keys(_)) {
        return Ok(());
    }
    Err(invalid_input(
        "webhooks_only",
        format!(
            "stream `{}` cannot be read: only webhooks tell of its rows",
            stream.name
        ),
        vec![problem(
            "stream",
            "webhooks_only",
            "Intercom lists its rows nowhere; take it by webhook",
        )],
    ))
}

/// A scan and the host's time.
pub struct Context<'a> {
    pub scan: &'a Scan,
    /// The host's wall-clock time in Unix milliseconds.
    pub now_ms: i64,
}

impl<'a> Context<'a> {
    pub fn new(scan: &'a Scan, moment: Moment) -> Self {
        Self {
            scan,
            now_ms: moment.unix_ms,
        }
    }

    /// The host's time in Unix seconds, for answers without a `Date`.
    pub fn now(&self) -> i64 {
        self.now_ms.div_euclid(1_000)
    }
}
