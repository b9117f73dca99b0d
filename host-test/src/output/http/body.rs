//! Records as the bodies of requests.

mod brevo;

use std::collections::BTreeSet;

use super::super::OutputError;
use super::super::lines::encode_entries;
use crate::contract::types::{Change, Entry};

/// How records are put into bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyForm {
    /// `{"stream": …, "entries": […]}`, with entries as the lines of a file have them.
    Entries,
    /// A record by itself. Deletions and parts of records are left out.
    Record,
    /// What Brevo's import of contacts takes: `jsonBody`, `listIds` and what holds for all of them.
    BrevoContacts,
    /// What Brevo takes of several events: `{"events": […]}`.
    BrevoEvents,
}

impl BodyForm {
    /// Their names in a connection file.
    pub const NAMES: &'static [(&'static str, BodyForm)] = &[
        ("entries", BodyForm::Entries),
        ("record", BodyForm::Record),
        ("brevo-contacts", BodyForm::BrevoContacts),
        ("brevo-events", BodyForm::BrevoEvents),
    ];

    /// The form of what a mapping makes that comes with the component.
    pub fn of_preset(name: Option<&str>) -> BodyForm {
        match name {
            Some("brevo-contact") => BodyForm::BrevoContacts,
            Some("brevo-event") => BodyForm::BrevoEvents,
            _ => BodyForm::Entries,
        }
    }
}

/// The most that one body holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caps {
    pub(super) entries: usize,
    pub(super) bytes: usize,
    /// Contacts that are in no list are left out of bodies that are for lists.
    pub(super) lists: bool,
}

/// Bodies in the order in which they are to be sent.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    pub(super) bodies: Vec<Vec<u8>>,
    /// Deletions, for which the form has no room.
    pub(super) deletions: u64,
    /// Parts of records, for which it has none either.
    pub(super) parts: u64,
    /// Contacts that no list is for.
    pub(super) listless: u64,
}

/// What is around the items of a body, and who may not be in it twice.
struct Item {
    before: String,
    after: &'static str,
    json: Vec<u8>,
    /// Two items of one identity are in bodies of their own, in their order.
    identity: Option<String>,
    /// Whether it is for lists, and in none.
    listless: bool,
}

/// Makes bodies of what was read of a stream. An error is about one entry, which it names.
pub(super) fn bodies(
    form: BodyForm,
    caps: Caps,
    stream: &str,
    entries: &[&Entry],
) -> Result<Bodies, OutputError> {
    let mut packer = Packer {
        caps: match form {
            BodyForm::Record => Caps { entries: 1, ..caps },
            _ => caps,
        },
        open: Vec::new(),
        identities: BTreeSet::new(),
        bodies: Bodies::default(),
    };
    for entry in entries {
        match (item(form, stream, entry)?, entry.change) {
            (Some(item), _) if item.listless && caps.lists => packer.bodies.listless += 1,
            (Some(item), _) => packer.add(entry, item)?,
            (None, Change::Delete) => packer.bodies.deletions += 1,
            (None, _) => packer.bodies.parts += 1,
        }
    }
    packer.close();
    Ok(packer.bodies)
}

fn item(form: BodyForm, stream: &str, entry: &Entry) -> Result<Option<Item>, OutputError> {
    let item = |before: String, after: &'static str, json: Vec<u8>| Item {
        before,
        after,
        json,
        identity: None,
        listless: false,
    };
    if form == BodyForm::Entries {
        let mut line = Vec::new();
        encode_entries([entry], &mut line);
        line.pop();
        let stream = serde_json::Value::from(stream);
        let before = format!("{{\"stream\":{stream},\"entries\":[");
        return Ok(Some(item(before, "]}", line)));
    }
    if entry.change != Change::Upsert {
        return Ok(None);
    }
    Ok(Some(match form {
        BodyForm::BrevoContacts => brevo::contact(entry)?,
        BodyForm::BrevoEvents => item("{\"events\":[".to_owned(), "]}", brevo::event(entry)?),
        _ => item(String::new(), "", entry.payload.clone()),
    }))
}

/// An error about an entry.
fn unfit(entry: &Entry, why: String) -> OutputError {
    OutputError::Unfit {
        stream: entry.stream.clone(),
        key: entry.key.clone(),
        why,
    }
}

struct Packer {
    caps: Caps,
    /// Bodies that have room, each with the number of its items, in the order in which they were begun.
    open: Vec<(Item, usize)>,
    identities: BTreeSet<String>,
    bodies: Bodies,
}

impl Packer {
    fn add(&mut self, entry: &Entry, item: Item) -> Result<(), OutputError> {
        let alone = item.before.len() + item.json.len() + item.after.len();
        if alone > self.caps.bytes {
            let most = self.caps.bytes;
            return Err(unfit(
                entry,
                format!("it takes a body of {alone} bytes, and http_output.max_bytes is {most}"),
            ));
        }
        if let Some(identity) = &item.identity
            && !self.identities.insert(identity.clone())
        {
            self.close();
            self.identities.insert(identity.clone());
        }
        let same =
            |(open, _): &(Item, usize)| open.before == item.before && open.after == item.after;
        if let Some(at) = self.open.iter().position(same) {
            let (open, count) = &mut self.open[at];
            let grown =
                open.before.len() + open.json.len() + 1 + item.json.len() + open.after.len();
            if *count < self.caps.entries && grown <= self.caps.bytes {
                open.json.push(b',');
                open.json.extend_from_slice(&item.json);
                *count += 1;
                return Ok(());
            }
            let (full, _) = self.open.remove(at);
            self.bodies.bodies.push(full.into_body());
        }
        self.open.push((item, 1));
        Ok(())
    }

    fn close(&mut self) {
        let open = self.open.drain(..);
        self.bodies
            .bodies
            .extend(open.map(|(item, _)| item.into_body()));
        self.identities.clear();
    }
}

impl Item {
    fn into_body(self) -> Vec<u8> {
        let mut body = self.before.into_bytes();
        body.extend_from_slice(&self.json);
        body.extend_from_slice(self.after.as_bytes());
        body
    }
}

#[cfg(test)]
mod tests;
