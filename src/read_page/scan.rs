//! Everything that a page depends on, and which paging kind it is for.

use super::children::{self, Gathering};
use super::filter::Filter;
use super::place::{Place, begin, go_on};
use super::{deleted, empty_page, keys, list, pages, scroll, search};
use crate::config::Config;
use crate::contract::connector::{Page, PageRequest, Selection};
use crate::contract::http::Request;
use crate::contract::state::{Change, Swapped};
use crate::contract::types::{Connection, Failure};
use crate::cursor::{self, Position};
use crate::failure::{invalid_input, problem};
use crate::intercom::normalize::Normalizer;
use crate::intercom::streams::{Given, Paging, Stream};
use crate::map_record::known_stream;
use crate::mapping::Mapping;
use crate::operation::{Answer, Moment};

/// Everything that a page depends on.
pub struct Scan {
    pub config: Config,
    pub stream: &'static Stream,
    pub mapping: Mapping,
    pub window: Window,
    pub filter: Filter,
    pub max_entries: u32,
    pub max_bytes: u64,
    pub time_budget_ms: u64,
    /// Whether rows of other streams stay where records embed them.
    pub embedded: bool,
    pub place: Place,
}

/// The seconds that were asked for: from the first one on, up to the last one, which is not included.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    pub since: Option<i64>,
    pub until: Option<i64>,
}

impl Window {
    pub fn holds(&self, updated_at: Option<i64>) -> bool {
        // What does not say when it changed is given: a repeat is better than a loss.
        updated_at.is_none_or(|at| {
            self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
        })
    }

    /// Whether it leaves nothing out.
    pub fn is_open(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// A second counts as its first millisecond.
    fn of(selection: &Selection) -> Self {
        let seconds = |ms: i64| ms.saturating_add(999).div_euclid(1_000);
        match selection {
            Selection::Window(window) => Self {
                since: window.since_ms.map(seconds),
                until: window.until_ms.map(seconds),
            },
            Selection::All | Selection::Keys(_) => Self::default(),
        }
    }
}

impl Scan {
    pub fn new(connection: &Connection, request: &PageRequest) -> Result<Self, Failure> {
        let stream = known_stream(&request.stream)?;
        let config = Config::of(connection)?;
        offered(stream, &config)?;
        let filter = Filter::of(stream, request.filter.as_deref())?;
        let mut window = Window::of(&request.selection);
        window.since = window.since.into_iter().chain(filter.since).max();
        let place = match (&request.selection, &request.cursor) {
            (Selection::Keys(keys), cursor) => keys::place(stream, keys, cursor.as_deref())?,
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
        Ok(Self {
            config,
            stream,
            mapping: Mapping::of(connection)?,
            window,
            filter,
            max_entries: request.max_entries.min(fitting).max(1),
            max_bytes: request.max_bytes,
            time_budget_ms: request.time_budget_ms,
            embedded: false,
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
            window,
            filter: Filter::default(),
            embedded: true,
            place: Place::Walk(position),
            ..*self
        }
    }

    pub fn normalizer(&self) -> Normalizer<'static> {
        let normalizer = Normalizer::new(self.stream);
        if self.embedded {
            normalizer.with_embedded()
        } else {
            normalizer
        }
    }

    /// Whether the call may ask for more.
    pub fn has_time(&self, moment: Moment) -> bool {
        moment.elapsed_ms < self.time_budget_ms / 4 * 3
    }

    pub fn requests(&self) -> Vec<Request> {
        match &self.place {
            Place::Keys { keys, done } => keys::requests(self, keys, *done),
            Place::Walk(Position::List(position)) => vec![list::request(self, position)],
            Place::Walk(Position::Search(position)) => vec![search::request(self, position)],
            Place::Walk(Position::Deleted(position)) => vec![deleted::request(self, position)],
            Place::Walk(Position::Scroll(position)) => vec![scroll::request(self, position)],
            Place::Walk(Position::Pages(position)) => {
                pages::request(self, position).into_iter().collect()
            }
            Place::Walk(Position::Children(position)) => children::parents(self, position)
                .map_or_else(Vec::new, |parents| parents.requests()),
            Place::Walk(_) => Vec::new(),
        }
    }

    /// What hangs on the parents that are still to be looked at, when it is their turn.
    pub fn gathering(&self, moment: Moment) -> Option<Gathering> {
        match &self.place {
            Place::Walk(Position::Children(position)) => {
                Gathering::of(&Context::new(self, moment), position)
            }
            _ => None,
        }
    }

    /// What has to be stored before anything is asked.
    pub fn turn(&self, moment: Moment) -> Option<Change> {
        match &self.place {
            Place::Walk(Position::Scroll(position)) => scroll::take(position),
            Place::Walk(Position::Children(position)) if self.gathering(moment).is_none() => {
                children::parents(self, position)?.turn(moment)
            }
            _ => None,
        }
    }

    /// The page when nothing may be asked; `taken` is what came of [`Scan::turn`].
    pub fn passed_over(
        &self,
        moment: Moment,
        taken: Option<&Swapped>,
    ) -> Option<Result<Page, Failure>> {
        match &self.place {
            Place::Walk(Position::Scroll(position)) => {
                scroll::passed_over(&Context::new(self, moment), position, taken)
            }
            Place::Walk(Position::Children(position)) => {
                let parents = children::parents(self, position)?;
                let page = parents.passed_over(moment, taken)?;
                let context = Context::new(self, moment);
                Some(page.and_then(|page| children::walked(&context, (**position).clone(), page)))
            }
            _ => None,
        }
    }

    /// The page, and what has to be stored before it is given.
    pub fn read(
        mut self,
        moment: Moment,
        answers: Vec<Answer>,
    ) -> (Result<Page, Failure>, Option<Change>) {
        let place = std::mem::replace(&mut self.place, Place::Walk(Position::Keys(0)));
        let context = Context::new(&self, moment);
        let position = match place {
            Place::Keys { keys, done } => return (keys::read(&context, keys, done, answers), None),
            Place::Walk(position) => position,
        };
        if let Position::Children(position) = position {
            let Some(parents) = children::parents(&self, &position) else {
                return (children::walked(&context, *position, empty_page()), None);
            };
            let (page, change) = parents.read(moment, answers);
            let page = page.and_then(|page| children::walked(&context, *position, page));
            return (page, change);
        }
        let page = match (position, answers.into_iter().next()) {
            (Position::Pages(position), None) => pages::end(&context, position),
            (_, None) => Ok(empty_page()),
            (Position::List(position), Some(answer)) => list::read(&context, position, answer),
            (Position::Search(position), Some(answer)) => search::read(&context, position, answer),
            (Position::Deleted(position), Some(answer)) => {
                deleted::read(&context, position, answer)
            }
            (Position::Scroll(position), Some(answer)) => {
                return scroll::read(&context, position, answer);
            }
            (Position::Pages(position), Some(answer)) => pages::read(&context, position, answer),
            (_, Some(_)) => Ok(empty_page()),
        };
        (page, None)
    }

    /// The page of what was gathered.
    pub fn gathered(mut self, moment: Moment, gathering: Gathering) -> Result<Page, Failure> {
        match std::mem::replace(&mut self.place, Place::Walk(Position::Keys(0))) {
            Place::Walk(Position::Children(position)) => {
                children::gathered(&Context::new(&self, moment), *position, gathering)
            }
            _ => Ok(empty_page()),
        }
    }

    /// Rows to ask for at once.
    pub fn per_page(&self) -> u32 {
        self.max_entries
            .min(self.stream.per_page.unwrap_or(u32::MAX))
    }
}

fn offered(stream: &Stream, config: &Config) -> Result<(), Failure> {
    if !stream.versions.contains(&config.api_version) {
        let there = stream.versions.join(", ");
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
    let typed = matches!(stream.paging, Paging::Pages(_)) && stream.path.contains("{type}");
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
