//! The shape of every operation that needs the outside world: a state machine of plain values.

use crate::contract::http::{Error, Request, Response};
use crate::contract::state::{Change, Swapped};
use crate::prelude::*;

/// What an HTTP request came to.
pub type Answer = Result<Response, Error>;

/// The time at a step, as the host's clocks say it, and what the operation has used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moment {
    /// Wall-clock time in Unix milliseconds.
    pub unix_ms: i64,
    /// Milliseconds since the operation began, by a clock that never goes back.
    pub elapsed_ms: u64,
    /// Bytes of memory that the operation's instance has, of which it gives none back. Natively it is not counted.
    pub memory: usize,
}

/// What an operation is given when it goes on.
#[derive(Debug)]
pub enum Input {
    /// Nothing yet: the first step.
    Start,
    /// One answer for each request of the last [`Step::Send`], in order.
    Answers(Vec<Answer>),
    /// The value that the last [`Step::Load`] asked for; `None` also when the store cannot be reached.
    Loaded(Option<Vec<u8>>),
    /// How the last [`Step::Store`] ended; `None` when the store cannot be reached.
    Stored(Option<Swapped>),
}

/// What an operation wants next.
#[derive(Debug)]
pub enum Step<Output> {
    /// Send these requests, so many at a time.
    Send(Vec<Request>, u32),
    /// Get the value of a state key.
    Load(String),
    /// Change the state.
    Store(Vec<Change>),
    /// The operation is over.
    Done(Output),
}

/// A state machine. Its owner calls [`Operation::step`] with [`Input::Start`], then with the result of whatever step
/// it asked for, until it is done.
pub trait Operation {
    /// What it comes to.
    type Output;

    /// Goes on to the next step.
    fn step(&mut self, moment: Moment, input: Input) -> Step<Self::Output>;
}

/// An operation whose owner still has something to ask it when it is done.
impl<O: Operation> Operation for &mut O {
    type Output = O::Output;

    fn step(&mut self, moment: Moment, input: Input) -> Step<Self::Output> {
        (**self).step(moment, input)
    }
}
