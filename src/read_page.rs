//! `read-page`: one page of a stream. A call sends what its position asks for, and reads the answers.

mod children;
mod collect;
mod deleted;
mod export;
mod filter;
mod joins;
mod keys;
mod list;
mod page;
mod pages;
mod place;
mod scan;
mod scroll;
mod search;
mod walk;
mod window;

use crate::contract::connector::{Page, PageRequest};
use crate::contract::http::Request;
use crate::contract::state::Change;
use crate::contract::types::{Connection, Failure, FailureKind};
use crate::cursor::{ExportPosition, Position};
use crate::failure::failure;
use crate::operation::{Answer, Input, Moment, Operation, Step};
use crate::prelude::*;
use children::Gathering;
use page::empty_page;
use place::Place;
use scan::{Context, Scan};

/// Requests in flight at once.
const MOST_IN_FLIGHT: u32 = 25;

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
    /// Waiting for what mappings ask for and the records in these answers do not hold.
    Joining(Scan, Vec<Answer>, Vec<joins::Wanted>),
    /// Waiting for what hangs on parents.
    Gathering(Scan, Gathering),
    /// Waiting for what the state knows of a job.
    Recalling(Scan, ExportPosition),
    /// Waiting for what a job says, asked under this path.
    Exporting(Scan, ExportPosition, String),
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
        match (core::mem::replace(&mut self.state, State::Over), input) {
            (State::Begin, _) => match Scan::new(&self.connection, &self.request) {
                Ok(scan) => match scan.turn(moment) {
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
            (State::Asked(scan), Input::Answers(answers)) => {
                let wanted = joins::wanted(&scan, &answers);
                if wanted.is_empty() {
                    return self.read(moment, scan, answers);
                }
                let requests = joins::requests(&scan, &wanted);
                self.state = State::Joining(scan, answers, wanted);
                Step::Send(requests, MOST_IN_FLIGHT)
            }
            (State::Joining(mut scan, answers, wanted), Input::Answers(found)) => {
                match joins::take(&mut scan, wanted, found) {
                    Ok(()) => self.read(moment, scan, answers),
                    Err(failure) => Step::Done(Err(failure)),
                }
            }
            (State::Recalling(scan, mut position), Input::Loaded(known)) => {
                let now = Context::new(&scan, moment).now();
                let request = export::begin(&scan, &mut position, known.as_deref(), now);
                self.export(scan, position, request)
            }
            (State::Exporting(scan, position, asked), Input::Answers(answers)) => {
                let Some(answer) = answers.into_iter().next() else {
                    return Step::Done(Ok(empty_page()));
                };
                let context = Context::new(&scan, moment);
                match export::take(&context, position.clone(), &asked, answer) {
                    export::Next::Ask(request) => self.export(scan, position, request),
                    export::Next::Page(page, change) => self.settle(page, change),
                }
            }
            (State::Gathering(scan, gathering), Input::Answers(answers)) => {
                self.gather(moment, scan, gathering, answers)
            }
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
        if let Some(gathering) = scan.gathering(moment) {
            let requests = gathering.requests(&scan);
            self.state = State::Gathering(scan, gathering);
            return Step::Send(requests, MOST_IN_FLIGHT);
        }
        if let Place::Walk(Position::Export(position)) = &scan.place {
            let position = position.clone();
            self.state = State::Recalling(scan, position);
            return Step::Load(export::STATE_KEY.to_owned());
        }
        let requests = scan.requests();
        if requests.is_empty() {
            return self.read(moment, scan, Vec::new());
        }
        self.state = State::Asked(scan);
        Step::Send(requests, MOST_IN_FLIGHT)
    }

    fn read(
        &mut self,
        moment: Moment,
        mut scan: Scan,
        answers: Vec<Answer>,
    ) -> Step<Result<Page, Failure>> {
        let unjoined = core::mem::take(&mut scan.unjoined);
        let (mut page, change) = scan.read(moment, answers);
        if let Ok(page) = &mut page {
            page.notices.extend(unjoined);
        }
        self.settle(page, change)
    }

    fn settle(
        &mut self,
        page: Result<Page, Failure>,
        change: Option<Change>,
    ) -> Step<Result<Page, Failure>> {
        match change {
            None => Step::Done(page),
            Some(change) => {
                self.state = State::Settling(page);
                Step::Store(vec![change])
            }
        }
    }

    fn export(
        &mut self,
        scan: Scan,
        position: ExportPosition,
        request: Request,
    ) -> Step<Result<Page, Failure>> {
        self.state = State::Exporting(scan, position, request.target.clone());
        Step::Send(vec![request], 1)
    }

    /// The children of one parent are never split, so a parent with several pages of them is asked again in the same call.
    fn gather(
        &mut self,
        moment: Moment,
        scan: Scan,
        mut gathering: Gathering,
        answers: Vec<Answer>,
    ) -> Step<Result<Page, Failure>> {
        gathering.take(&scan, answers);
        let requests = match scan.has_time(moment) {
            true => gathering.requests(&scan),
            false => Vec::new(),
        };
        if requests.is_empty() {
            return Step::Done(scan.gathered(moment, gathering));
        }
        self.state = State::Gathering(scan, gathering);
        Step::Send(requests, MOST_IN_FLIGHT)
    }
}

#[cfg(test)]
mod tests;
