//! Which paging kind a page is for.

use super::children::{self, Gathering};
use super::page::empty_page;
use super::place::Place;
use super::scan::{Context, Scan};
use super::{deleted, keys, list, pages, scroll, search};
use crate::contract::connector::Page;
use crate::contract::http::Request;
use crate::contract::state::{Change, Swapped};
use crate::contract::types::Failure;
use crate::cursor::Position;
use crate::operation::{Answer, Moment};
use crate::prelude::*;

impl Scan {
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
        let place = core::mem::replace(&mut self.place, Place::Walk(Position::Keys(0)));
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
        match core::mem::replace(&mut self.place, Place::Walk(Position::Keys(0))) {
            Place::Walk(Position::Children(position)) => {
                children::gathered(&Context::new(&self, moment), *position, gathering)
            }
            _ => Ok(empty_page()),
        }
    }
}
