//! Changes picked by arithmetic: "change so many contacts now". The same seed and the same order of calls pick the
//! same objects.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::conversation_changes::NewPart;
use super::identifiers::mix;
use super::numbering::{CONVERSATIONS, TICKETS};
use super::ordered::{OrderedView, Record};
use super::workspace::Workspace;

/// How many objects to change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mutation {
    /// Contacts that change.
    pub contacts: u64,
    /// Companies that change.
    pub companies: u64,
    /// Tags that are renamed.
    pub tags: u64,
    /// Contacts that are deleted.
    pub delete: u64,
    /// Contacts that are archived.
    pub archive: u64,
    /// Contacts that are created.
    pub create: u64,
    /// Conversations that get an answer.
    pub conversations: u64,
    /// Conversations that are deleted.
    pub delete_conversations: u64,
    /// Tickets that get an answer.
    pub tickets: u64,
    /// Tickets that are deleted.
    pub delete_tickets: u64,
}

/// Ids of what a [`Mutation`] changed. Shorter than asked for when there is nothing left to change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Mutated {
    /// Contacts that changed.
    pub contacts: Vec<String>,
    /// Companies that changed.
    pub companies: Vec<String>,
    /// Tags that were renamed.
    pub tags: Vec<String>,
    /// Contacts that were deleted.
    pub delete: Vec<String>,
    /// Contacts that were archived.
    pub archive: Vec<String>,
    /// Contacts that were created.
    pub create: Vec<String>,
    /// Conversations that got an answer.
    pub conversations: Vec<String>,
    /// Conversations that were deleted.
    pub delete_conversations: Vec<String>,
    /// Tickets that got an answer.
    pub tickets: Vec<String>,
    /// Tickets that were deleted.
    pub delete_tickets: Vec<String>,
}

impl Workspace {
    /// Changes objects picked by arithmetic, and says which.
    pub fn mutate(&self, wanted: Mutation) -> Mutated {
        let mut done = Mutated::default();
        for _ in 0..wanted.create {
            let number = self.next_mutation();
            let fields = json!({
                "external_id": format!("created-{number}"),
                "email": format!("created.{number}@example.com"),
                "name": format!("Created {number}"),
            });
            done.create.extend(self.create_contact(&fields));
        }
        for _ in 0..wanted.contacts {
            let number = self.next_mutation();
            let patch = json!({"custom_attributes": {"seats": number}});
            done.contacts
                .extend(self.on_some_contact(number, |id| self.touch_contact(id, &patch).is_ok()));
        }
        for _ in 0..wanted.archive {
            let number = self.next_mutation();
            done.archive
                .extend(self.on_some_contact(number, |id| self.archive_contact(id).is_ok()));
        }
        for _ in 0..wanted.delete {
            let number = self.next_mutation();
            done.delete
                .extend(self.on_some_contact(number, |id| self.delete_contact(id).is_ok()));
        }
        for _ in 0..wanted.companies {
            let number = self.next_mutation();
            let patch = json!({"monthly_spend": number});
            let picked = self.some_company(number);
            done.companies
                .extend(picked.filter(|id| self.touch_company(id, &patch).is_ok()));
        }
        for _ in 0..wanted.tags {
            let number = self.next_mutation();
            let picked = self.some_tag(number);
            let renamed =
                picked.filter(|id| self.rename_tag(id, &format!("Renamed {number}")).is_ok());
            done.tags.extend(renamed);
        }
        for _ in 0..wanted.conversations {
            let number = self.next_mutation();
            let part = NewPart::comment(&format!("<p>Answer {number}</p>"));
            let picked = self.some_conversation(number);
            done.conversations
                .extend(picked.filter(|id| self.add_conversation_part(id, &part).is_ok()));
        }
        for _ in 0..wanted.delete_conversations {
            let picked = self.some_conversation(self.next_mutation());
            done.delete_conversations
                .extend(picked.filter(|id| self.delete_conversation(id).is_ok()));
        }
        for _ in 0..wanted.tickets {
            let number = self.next_mutation();
            let part = NewPart::comment(&format!("<p>Answer {number}</p>"));
            let picked = self.some_ticket(number);
            done.tickets
                .extend(picked.filter(|id| self.add_ticket_part(id, &part).is_ok()));
        }
        for _ in 0..wanted.delete_tickets {
            let picked = self.some_ticket(self.next_mutation());
            done.delete_tickets
                .extend(picked.filter(|id| self.delete_ticket(id).is_ok()));
        }
        done
    }

    pub(crate) fn next_mutation(&self) -> u64 {
        let mut state = self.write();
        state.mutations += 1;
        state.mutations
    }

    /// Some record that can be read.
    fn some<R: Record>(&self, number: u64, view: OrderedView<'_, R>) -> Option<u64> {
        let count = view.numbers_end();
        // A full turn at most; no more than that when nearly everything was deleted.
        let start = self.pick(number, count);
        let mut turn = (start..count).chain(0..start);
        turn.find(|number| view.is_live(*number))
    }

    fn some_conversation(&self, number: u64) -> Option<String> {
        let picked = self.some(number, self.read().conversations.current());
        picked.map(|picked| CONVERSATIONS.encode(picked))
    }

    fn some_ticket(&self, number: u64) -> Option<String> {
        let picked = self.some(number, self.read().tickets.current());
        picked.map(|picked| TICKETS.encode(picked))
    }

    fn on_some_contact(&self, number: u64, change: impl Fn(&str) -> bool) -> Option<String> {
        let picked = self.some(number, self.read().contacts.current());
        let id = super::identifiers::encode(
            self.options.seed,
            super::identifiers::Kind::Contact,
            picked?,
        );
        change(&id).then_some(id)
    }

    fn some_company(&self, number: u64) -> Option<String> {
        let state = self.read();
        let end = state.companies.end();
        let start = self.pick(number, end);
        let picked = state.companies.visible(start, end).next();
        let picked = picked.or_else(|| state.companies.visible(0, start).next())?;
        Some(super::identifiers::encode(
            self.options.seed,
            super::identifiers::Kind::Company,
            picked,
        ))
    }

    fn some_tag(&self, number: u64) -> Option<String> {
        let state = self.read();
        let at = self.pick(number, state.tags.len() as u64);
        let (id, _) = state.tags.iter().nth(usize::try_from(at).ok()?)?;
        Some(id.to_string())
    }

    pub(crate) fn pick(&self, number: u64, count: u64) -> u64 {
        mix(self.options.seed ^ mix(number))
            .checked_rem(count)
            .unwrap_or(0)
    }
}
