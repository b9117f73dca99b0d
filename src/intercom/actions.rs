//! The table of actions: what each takes, which objects it speaks of, and which request it makes.
//!
//! An action is a row, and so is each of its modes; code exists for the kinds of their parts only.

mod articles;
mod companies;
mod contacts;
mod conversations;
mod field;
mod objects;
mod schema;
mod tickets;
mod workspace;

pub use field::{Input, InputField};
pub use objects::Object;
pub use schema::input_schema;

use crate::contract::http::Method;
use crate::intercom::streams;
use crate::intercom::versions::{VERSIONS, minor};

/// An action: a row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Action {
    /// Its name: where it writes rows of a stream, the stream's.
    pub name: &'static str,
    /// How it can be done; the first one is the default.
    pub modes: &'static [Mode],
    /// Rows in a batch, at most.
    pub batch_limit: u32,
    /// What it needs, in the words of Intercom's Developer Hub.
    pub permission: &'static str,
    /// The model whose data attributes `custom_attributes` holds, where they can be looked up.
    pub attributes: Option<&'static str>,
}

/// A way in which an action is done.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// Its name.
    pub name: &'static str,
    /// The second number of the first API version that has it.
    pub since: u8,
    /// The fields of a row, in groups that modes share.
    pub fields: &'static [&'static [InputField]],
    /// The objects that a row speaks of. The first one is the row's target: rows with the same one keep their order.
    pub references: &'static [Reference],
    /// The request.
    pub write: Write,
    /// What sending it twice does.
    pub replay: Replay,
}

impl Mode {
    /// All fields.
    pub fn fields(&self) -> impl Iterator<Item = &'static InputField> {
        self.fields.iter().flat_map(|group| group.iter())
    }

    /// Whether its rows give an object's own fields, so that writing the same row again changes nothing.
    pub fn is_comparable(&self) -> bool {
        let talk = [Object::Conversation, Object::Ticket];
        let target = self.references.first().map(|target| target.object);
        matches!(self.name, "upsert" | "update")
            && target.is_some_and(|object| !talk.contains(&object))
    }

    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<&'static InputField> {
        self.fields().find(|field| field.name == name)
    }
}

/// An object that a row speaks of, by one of several fields.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// The name of its id in templates.
    pub name: &'static str,
    /// What it is.
    pub object: Object,
    /// Fields of the row, and what of the object each is, in the order in which they are tried.
    pub by: &'static [(&'static str, By)],
    /// What a row is whose object is not there.
    pub absent: Absent,
}

/// What of an object a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Intercom's id.
    Id,
    /// A member that a search, or a list, has.
    Member(&'static str),
    /// As [`By::Member`], among leads only.
    Lead(&'static str),
    /// It is sent as it is; Intercom finds the object.
    Sent,
}

/// What becomes of a row whose object is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It fails.
    Fails,
    /// What the row wants is so already.
    Unchanged,
    /// The same; but it may be in the archive, where it is found by its id only, and the log says so.
    Hidden,
    /// It fails, and is told how one in the archive is found.
    Archived,
    /// It is created by the row's own request.
    Created,
    /// It is created before, where the policy allows it.
    Made,
    /// It will be there soon: the row comes again.
    Later,
    /// A row need not speak of it; one that does, and of one that is not there, fails.
    Optional,
}

impl Absent {
    /// The same, for who reads the schema of rows.
    fn told(self) -> &'static str {
        match self {
            Self::Fails | Self::Optional => "failed",
            Self::Archived => "failed; one in the archive is found by its id only",
            Self::Unchanged => "unchanged",
            Self::Hidden => "unchanged; one in the archive is found by its id only",
            Self::Created | Self::Made => "created",
            Self::Later => "deferred",
        }
    }
}

/// The request of a mode. Of several, the last one counts that the API version has.
#[derive(Clone, Copy, Debug)]
pub enum Write {
    /// There is one.
    One(&'static [Call]),
    /// The first is for an object that is not there, the second for one that is.
    Either(&'static [Call], &'static [Call]),
}

/// A request template.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The second number of the first API version for which it is.
    pub since: u8,
    /// The method.
    pub method: Method,
    /// The path; `{name}` is a field or a reference.
    pub path: &'static str,
    /// The body, as JSON; a text `$name` is a field or a reference, and a member that is not there is left out. `$*` takes
    /// all fields that are sent. Empty: no body.
    pub body: &'static str,
    /// What it does.
    pub does: Does,
    /// The members of the answer that may hold the object's id; empty: the answer holds none.
    pub id: &'static [&'static str],
}

/// What a request does to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// It creates it.
    Creates,
    /// It changes it.
    Updates,
    /// It takes it away: that it is not there is a success.
    Deletes,
}

/// What sending a request twice does.
#[derive(Clone, Copy, Debug)]
pub enum Replay {
    /// No more than sending it once.
    Safe,
    /// It does it twice; a look shows whether it was done.
    Probe(&'static Probe),
    /// It fails, since what is at this path is not there any more.
    Gone(&'static str),
    /// It does it twice, and nothing shows whether it was done.
    Blind,
}

/// A look for what a request has done.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    /// The path, with `{name}` as in a call.
    pub path: &'static str,
    /// The body of a search, with `$name` as in a call; empty: it is a GET.
    pub body: &'static str,
    /// The members that lead to the list of candidates, or to the only one.
    pub within: &'static [&'static str],
    /// The values that a candidate's `part_type` may have; empty: any.
    pub kinds: &'static [&'static str],
    /// Members of a candidate and the fields or references that they are equal to, as far as the row has them.
    pub same: &'static [(&'static str, &'static str)],
    /// Whether what was done may be invisible for a while.
    pub indexed: bool,
}

impl Call {
    /// The call that counts in an API version.
    pub fn of(calls: &'static [Self], api_version: &str) -> Option<&'static Self> {
        calls.iter().rfind(|call| call.since <= minor(api_version))
    }

    /// The same, from an API version on.
    pub const fn since(self, version: &str) -> Self {
        let since = minor(version);
        Self { since, ..self }
    }

    /// The same, with the object's id under other names in the answer.
    pub const fn id(self, id: &'static [&'static str]) -> Self {
        Self { id, ..self }
    }

    /// The same, doing something else.
    pub const fn does(self, does: Does) -> Self {
        Self { does, ..self }
    }
}

const FIRST: u8 = minor(VERSIONS[0]);

const fn call(method: Method, path: &'static str, body: &'static str, does: Does) -> Call {
    Call {
        since: FIRST,
        method,
        path,
        body,
        does,
        id: &["id"],
    }
}

const fn post(path: &'static str, body: &'static str) -> Call {
    call(Method::Post, path, body, Does::Creates)
}

const fn put(path: &'static str, body: &'static str) -> Call {
    call(Method::Put, path, body, Does::Updates)
}

const fn delete(path: &'static str) -> Call {
    call(Method::Delete, path, "", Does::Deletes)
}

const fn mode(
    name: &'static str,
    fields: &'static [&'static [InputField]],
    references: &'static [Reference],
    calls: &'static [Call],
) -> Mode {
    Mode {
        name,
        since: FIRST,
        fields,
        references,
        write: Write::One(calls),
        replay: Replay::Safe,
    }
}

impl Mode {
    const fn since(self, version: &str) -> Self {
        let since = minor(version);
        Self { since, ..self }
    }

    const fn probed(self, probe: &'static Probe) -> Self {
        let replay = Replay::Probe(probe);
        Self { replay, ..self }
    }

    const fn gone(self, path: &'static str) -> Self {
        let replay = Replay::Gone(path);
        Self { replay, ..self }
    }

    const fn blind(self) -> Self {
        let replay = Replay::Blind;
        Self { replay, ..self }
    }
}

/// All actions, by what they are about.
const TABLES: &[&[Action]] = &[
    contacts::ACTIONS,
    companies::ACTIONS,
    conversations::ACTIONS,
    tickets::ACTIONS,
    articles::ACTIONS,
    workspace::ACTIONS,
];

/// All actions.
pub fn all() -> impl Iterator<Item = &'static Action> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// The action of a name.
pub fn find(name: &str) -> Option<&'static Action> {
    all().find(|action| action.name == name)
}

/// Whether rows of this name are there to be read, and Intercom lets nobody write them.
pub fn is_read_only(name: &str) -> bool {
    find(name).is_none() && (name == "segments" || streams::find(name).is_some())
}

impl Action {
    /// Whether no mode of it does more when it is sent twice.
    pub fn is_replay_safe(&self) -> bool {
        self.modes
            .iter()
            .all(|mode| matches!(mode.replay, Replay::Safe))
    }
}

#[cfg(test)]
mod tests;
