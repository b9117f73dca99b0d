//! Objects that belong together: contacts and their tags, companies, and kinds of messages.

use super::{Reading, member, without};
use crate::contract::types::{Change, Failure};
use crate::intercom::normalize::{Normalizer, join_key};
use crate::intercom::streams::{self, Stream};
use crate::intercom::topics::{self, Subject};
use crate::json::{Outline, Reader};
use crate::prelude::*;

impl Reading<'_> {
    /// Objects that belong together, or no longer.
    pub(super) fn linked(
        &mut self,
        subjects: &[&'static Subject],
        links: &[&'static str],
        linked: bool,
        item: &Outline,
    ) -> Result<(), Failure> {
        let mut keys: Vec<(&Subject, String)> = Vec::new();
        for subject in subjects {
            let Some(stream) = streams::find(subject.stream) else {
                continue;
            };
            let Some((name, found)) = member(subject, item) else {
                let name = subject.members.first().copied().unwrap_or_default();
                self.unreadable(stream, "", without(name, item));
                continue;
            };
            let Some(key) = self.object(subject, &found, name, None)? else {
                continue;
            };
            // What an object says of its links may be older than the notification.
            if !linked {
                self.read_again(stream, &key);
            }
            keys.push((subject, key));
        }
        for stream in links.iter().filter_map(|name| streams::find(name)) {
            let values = stream.key.iter().filter_map(|field| {
                let found = keys.iter().find(|(subject, _)| subject.is_named_by(field));
                found.map(|(_, key)| key.clone())
            });
            let values: Vec<String> = values.collect();
            if values.len() == stream.key.len() {
                self.link(stream, &join_key(values), linked)?;
            }
        }
        Ok(())
    }

    /// A row that is nothing but its key.
    fn link(&mut self, stream: &'static Stream, key: &str, linked: bool) -> Result<(), Failure> {
        self.deletion(stream, key, "detached", None)?;
        if linked && let Some(entry) = self.accepted.entries.last_mut() {
            entry.change = Change::Upsert;
            entry.reason = None;
        }
        Ok(())
    }

    /// A contact, and the kinds of messages to which it said yes or no. What stands by default is no row: yes to what
    /// asks for a no, and no to what asks for a yes.
    pub(super) fn subscription(&mut self, wanted: bool, item: &Outline) -> Result<(), Failure> {
        let contact = &topics::CONTACT;
        let key = match member(contact, item) {
            Some((name, found)) => self.object(contact, &found, name, None)?,
            None => self.object(contact, item, "", None)?,
        };
        let types = item.object("subscription_types");
        let list = types.as_ref().and_then(|types| types.get("data"));
        let stream = streams::find("contact_subscriptions");
        let (Some(key), Some(list), Some(stream)) = (key, list, stream) else {
            return Ok(());
        };
        let Some((parent, children)) = stream.children() else {
            return Ok(());
        };
        let normalizer = Normalizer::of_children(stream, children.parent_field, &key);
        let mut types = Vec::new();
        let _ = Reader::new(list).list(|reader| {
            types.push(Outline::next(reader)?);
            Ok(())
        });
        for one in types {
            let read = normalizer.text(one.text);
            let asks_for_a_yes = match one.get("consent_type") {
                Some("\"opt_in\"") => true,
                Some("\"opt_out\"") => false,
                _ => {
                    self.read_again(parent, &key);
                    continue;
                }
            };
            match read {
                Ok(record) if asks_for_a_yes != wanted => {
                    self.deletion(stream, &record.key, "detached", None)?;
                }
                read => {
                    self.record(
                        stream,
                        read,
                        "subscription_types.data",
                        Change::Upsert,
                        None,
                    )?;
                }
            }
        }
        Ok(())
    }
}
