//! `read-page`: one page of a stream. Every call sends what its position asks for once, and reads the answers.

mod collect;
mod keys;
mod list;
mod scroll;
mod search;
mod whole;

use crate::config::Config;
use crate::contract::connector::{Page, PageRequest, Selection};
use crate::contract::http::Request;
use crate::contract::state::{Change, Swapped};
use crate::contract::types::{Connection, Failure, FailureKind, Notice};
use crate::cursor::{self, ListPosition, Position, ScrollPosition, SearchPosition};
use crate::failure::{failure, invalid_input, problem};
use crate::intercom::streams::{Paging, Stream};
use crate::map_record::known_stream;
use crate::mapping::Mapping;
use crate::operation::{Answer, Input, Moment, Operation, Step};

/// The operation behind the export.
pub struct ReadPage {
    connection: Connection,
    request: PageRequest,
    state: State,
}

enum State {
    Begin,
    /// Waiting for the turn in a scroll.
    Turn(Scan),
    /// Waiting for answers.
    Asked(Scan),
    /// Waiting for the state to know of a page.
    Settling(Result<Page, Failure>),
    Over,
}

impl ReadPage {
    /// Reads a page of a connection.
    pub fn new(connection: Connection, request: PageRequest) -> Self {
        Self {
            connection,
            request,
            state: State::Begin,
        }
    }
}

impl Operation for ReadPage {
    type Output = Result<Page, Failure>;

    fn step(&mut self, moment: Moment, input: Input) -> Step<Self::Output> {
        match (std::mem::replace(&mut self.state, State::Over), input) {
            (State::Begin, _) => match Scan::new(&self.connection, &self.request) {
                Ok(scan) => match scan.turn() {
                    Some(change) => {
                        self.state = State::Turn(scan);
                        Step::Store(vec![change])
                    }
                    None => self.ask(moment, scan),
                },
                Err(failure) => Step::Done(Err(failure)),
            },
            (State::Turn(scan), Input::Stored(taken)) => {
                match scan.passed_over(moment, taken.as_ref()) {
                    Some(page) => Step::Done(page),
                    None => self.ask(moment, scan),
                }
            }
            (State::Asked(scan), Input::Answers(answers)) => self.read(moment, scan, answers),
            (State::Settling(Ok(_)), Input::Stored(None)) => {
                Step::Done(Err(scroll::state_unavailable()))
            }
            (State::Settling(page), _) => Step::Done(page),
            _ => Step::Done(Err(failure(FailureKind::Bug, "over", "the page is over"))),
        }
    }
}

impl ReadPage {
    fn ask(&mut self, moment: Moment, scan: Scan) -> Step<Result<Page, Failure>> {
        let requests = scan.requests();
        if requests.is_empty() {
            return self.read(moment, scan, Vec::new());
        }
        self.state = State::Asked(scan);
        Step::Send(requests, keys::MOST_IN_FLIGHT)
    }

    fn read(
        &mut self,
        moment: Moment,
        scan: Scan,
        answers: Vec<Answer>,
    ) -> Step<Result<Page, Failure>> {
        match scan.read(moment, answers) {
            (page, None) => Step::Done(page),
            (page, Some(change)) => {
                self.state = State::Settling(page);
                Step::Store(vec![change])
            }
        }
    }
}

/// Everything that a page depends on.
struct Scan {
    config: Config,
    stream: &'static Stream,
    mapping: Mapping,
    window: Window,
    max_entries: u32,
    place: Place,
}

/// The seconds that were asked for: from the first one on, up to the last one, which is not included.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    since: Option<i64>,
    until: Option<i64>,
}

impl Window {
    fn holds(&self, updated_at: Option<i64>) -> bool {
        // What does not say when it changed is given: a repeat is better than a loss.
        updated_at.is_none_or(|at| {
            self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
        })
    }
}

/// Where the page begins.
enum Place {
    List(ListPosition),
    Search(SearchPosition),
    Scroll(ScrollPosition),
    /// The contents that are known; absent in a full read.
    Whole(Option<std::collections::BTreeMap<String, String>>),
    Keys {
        keys: Vec<String>,
        done: usize,
    },
}

impl Scan {
    fn new(connection: &Connection, request: &PageRequest) -> Result<Self, Failure> {
        let stream = known_stream(&request.stream)?;
        if request.filter.is_some() {
            return Err(invalid_input(
                "unknown_filter",
                format!("stream `{}` has no filter", stream.name),
                vec![problem(
                    "filter",
                    "unknown_filter",
                    "this stream takes no filter",
                )],
            ));
        }
        let config = Config::of(connection)?;
        if !stream.versions.contains(&config.api_version) {
            return Err(invalid_input(
                "not_in_version",
                format!(
                    "stream `{}` does not exist in API version {}",
                    stream.name, config.api_version
                ),
                vec![problem(
                    "config.api_version",
                    "not_in_version",
                    "this version lacks the stream",
                )],
            ));
        }
        let window = match &request.selection {
            // A second counts as its first millisecond.
            Selection::Window(window) => Window {
                since: window
                    .since_ms
                    .map(|ms| ms.saturating_add(999).div_euclid(1_000)),
                until: window
                    .until_ms
                    .map(|ms| ms.saturating_add(999).div_euclid(1_000)),
            },
            Selection::All | Selection::Keys(_) => Window::default(),
        };
        let position = request
            .cursor
            .as_deref()
            .map(|cursor| cursor::decode(stream.name, cursor))
            .transpose()?;
        let place = place(stream, &request.selection, window, position).ok_or_else(|| {
            cursor::unreadable(
                stream.name,
                "it belongs to another way of reading the stream",
            )
        })?;
        // A record takes about this much; the host's limits are soft.
        let fitting = u32::try_from(request.max_bytes / 4_096).unwrap_or(u32::MAX);
        Ok(Self {
            config,
            stream,
            mapping: Mapping::of(connection)?,
            window,
            max_entries: request.max_entries.min(fitting).max(1),
            place,
        })
    }

    fn requests(&self) -> Vec<Request> {
        match &self.place {
            Place::List(position) => vec![list::request(self, position)],
            Place::Search(position) => vec![search::request(self, position)],
            Place::Scroll(position) => vec![scroll::request(self, position)],
            Place::Whole(_) => vec![whole::request(self)],
            Place::Keys { keys, done } => keys::requests(self, keys, *done),
        }
    }

    /// What has to be stored before anything is asked.
    fn turn(&self) -> Option<Change> {
        match &self.place {
            Place::Scroll(position) => scroll::take(position),
            _ => None,
        }
    }

    /// The page when nothing may be asked; `taken` is what came of [`Scan::turn`].
    fn passed_over(
        &self,
        moment: Moment,
        taken: Option<&Swapped>,
    ) -> Option<Result<Page, Failure>> {
        match &self.place {
            Place::Scroll(position) => {
                scroll::passed_over(&Context::new(self, moment), position, taken)
            }
            _ => None,
        }
    }

    /// The page, and what has to be stored before it is given.
    fn read(
        mut self,
        moment: Moment,
        answers: Vec<Answer>,
    ) -> (Result<Page, Failure>, Option<Change>) {
        let place = std::mem::replace(&mut self.place, Place::Whole(None));
        let context = Context::new(&self, moment);
        let mut answers = answers.into_iter();
        let page = match (place, answers.next()) {
            (Place::Keys { keys, done }, first) => {
                keys::read(&context, keys, done, first.into_iter().chain(answers))
            }
            (_, None) => Ok(empty_page()),
            (Place::List(position), Some(answer)) => list::read(&context, position, answer),
            (Place::Search(position), Some(answer)) => search::read(&context, position, answer),
            (Place::Scroll(position), Some(answer)) => {
                return scroll::read(&context, position, answer);
            }
            (Place::Whole(known), Some(answer)) => whole::read(&context, known, answer),
        };
        (page, None)
    }

    /// Rows to ask for at once.
    fn per_page(&self) -> u32 {
        self.max_entries
            .min(self.stream.per_page.unwrap_or(u32::MAX))
    }
}

/// A scan and the host's time.
struct Context<'a> {
    scan: &'a Scan,
    /// The host's wall-clock time in Unix milliseconds.
    now_ms: i64,
}

impl<'a> Context<'a> {
    fn new(scan: &'a Scan, moment: Moment) -> Self {
        Self {
            scan,
            now_ms: moment.unix_ms,
        }
    }

    /// The host's time in Unix seconds, for answers without a `Date`.
    fn now(&self) -> i64 {
        self.now_ms.div_euclid(1_000)
    }
}

/// Where to begin; `None` when the position is not one of this selection.
fn place(
    stream: &Stream,
    selection: &Selection,
    window: Window,
    position: Option<Position>,
) -> Option<Place> {
    if let Selection::Keys(keys) = selection {
        return match position {
            None => Some(Place::Keys {
                keys: keys.clone(),
                done: 0,
            }),
            Some(Position::Keys(done)) if done <= keys.len() => Some(Place::Keys {
                keys: keys.clone(),
                done,
            }),
            Some(_) => None,
        };
    }
    match (stream.paging, position) {
        (Paging::ListThenSearch { .. }, None) => Some(match selection {
            Selection::Window(_) => Place::Search(SearchPosition {
                from: window.since.unwrap_or(0),
                ..SearchPosition::default()
            }),
            _ => Place::List(ListPosition::default()),
        }),
        (Paging::ListThenSearch { .. }, Some(Position::Mark(mark))) => {
            Some(match mark.floor().into_iter().chain(window.since).max() {
                Some(from) => Place::Search(SearchPosition {
                    from,
                    seen: mark,
                    ..SearchPosition::default()
                }),
                // Nothing was there to be seen: everything that is there now is new.
                None => Place::List(ListPosition {
                    seen: mark,
                    ..ListPosition::default()
                }),
            })
        }
        (Paging::ListThenSearch { .. }, Some(Position::List(position))) => {
            Some(Place::List(position))
        }
        (Paging::ListThenSearch { .. }, Some(Position::Search(position))) => {
            Some(Place::Search(position))
        }
        (Paging::Scroll, None) => Some(Place::Scroll(ScrollPosition {
            from: window.since,
            ..ScrollPosition::default()
        })),
        (Paging::Scroll, Some(Position::Mark(mark))) => Some(Place::Scroll(ScrollPosition {
            from: mark.floor().into_iter().chain(window.since).max(),
            known: mark,
            ..ScrollPosition::default()
        })),
        (Paging::Scroll, Some(Position::Scroll(position))) => Some(Place::Scroll(position)),
        (Paging::Whole, None) => Some(Place::Whole(None)),
        (Paging::Whole, Some(Position::Contents(known))) => Some(Place::Whole(Some(known))),
        _ => None,
    }
}

fn empty_page() -> Page {
    Page {
        entries: Vec::new(),
        intents: Vec::new(),
        next: None,
        checkpoint: None,
        restarted: false,
        retry_after_ms: None,
        notices: Vec::new(),
        complete_snapshot: false,
    }
}

fn notice(kind: &str, stream: &Stream, message: impl Into<String>) -> Notice {
    Notice {
        kind: kind.to_owned(),
        message: message.into(),
        stream: Some(stream.name.to_owned()),
        key: None,
        path: None,
        document: None,
    }
}

/// What is said when a watermark had to forget some of what it saw.
fn repeat(stream: &Stream) -> Notice {
    let message =
        "more rows changed within a short time than can be remembered: some will be given again";
    notice("repeat", stream, message)
}

#[cfg(test)]
mod tests;
