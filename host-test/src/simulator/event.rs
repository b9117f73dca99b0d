//! Events: things that contacts did. Generated ones by arithmetic, submitted ones from memory.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::contact::Contact;
use super::generate::{Dice, PLANS};
use super::generator::Generator;
use super::identifiers::mix;
use super::workspace::uuid;

/// Salt that keeps the dice of events apart from those of other objects.
const EVENT_DICE: u64 = 3;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// How long, in milliseconds, an event can be listed.
pub(crate) const LISTED: i64 = 90 * DAY;

/// A quarter of a longer list of generated events is older than events are listed.
const ONE_IN_FOUR: u64 = 4;

/// How many names events can have in a workspace.
const MOST_NAMES: usize = 120;

/// Something that a contact did.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) name: Cow<'static, str>,
    /// When, in milliseconds; answers show seconds, and pages are cut by this.
    pub(crate) at: i64,
    pub(crate) metadata: Map<String, Value>,
}

/// An event as JSON: with everything by which its contact is known.
#[derive(Serialize)]
pub(crate) struct EventBody<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    event_name: &'a str,
    created_at: i64,
    user_id: Option<&'a str>,
    intercom_user_id: &'a str,
    email: Option<&'a str>,
    metadata: &'a Map<String, Value>,
}

impl Event {
    /// When, in Unix seconds.
    pub(crate) fn created_at(&self) -> i64 {
        self.at.div_euclid(1_000)
    }

    /// This event of a contact as the API renders it; `contact_id` is the id by which the API knows the contact.
    pub(crate) fn body<'a>(&'a self, contact: &'a Contact, contact_id: &'a str) -> EventBody<'a> {
        EventBody {
            kind: "event",
            id: &self.id,
            event_name: &self.name,
            created_at: self.created_at(),
            user_id: contact.external_id.as_deref(),
            intercom_user_id: contact_id,
            email: contact.email.as_deref(),
            metadata: &self.metadata,
        }
    }
}

/// Names of generated events, and what the workspace's owners say of them.
pub(crate) const EVENTS: &[(&str, &str)] = &[
    ("logged-in", "Signed in to the app"),
    ("placed-order", "Bought something"),
    ("invited-friend", "Sent an invitation to a friend"),
    ("updated-plan", "Changed the plan"),
    ("exported-report", "Saved a report as a file"),
];

impl Generator {
    /// The generated events of contact `number`, newest first. A few share a second with the one before.
    pub(crate) fn events_of(&self, number: u64) -> Vec<Event> {
        let dice = Dice::new(self.seed, EVENT_DICE, number);
        let count = dice.length(1, self.events);
        let old = count / ONE_IN_FOUR;
        let recent = count - old;
        // Away from the end of the 90 days, so that none drops out while a test runs.
        let step = 85 * DAY / i64::try_from(recent.max(1)).unwrap_or(i64::MAX);
        let mut newest_first: Vec<Event> = Vec::new();
        let mut age = HOUR;
        for index in 0..count {
            let at = i64::try_from(index).unwrap_or(i64::MAX);
            age = match index {
                _ if index >= recent => 91 * DAY + at * HOUR,
                _ if index % 5 == 4 => age + 1,
                _ => at * step + HOUR + dice.seconds(10 + index, step / 2),
            };
            let (name, _) = dice.pick(1_000 + index, EVENTS);
            newest_first.push(Event {
                id: uuid(self.seed, mix(mix(number) ^ index)),
                name: Cow::Borrowed(name),
                at: self.epoch.saturating_mul(1_000).saturating_sub(age),
                metadata: metadata(name, dice, index),
            });
        }
        newest_first
    }
}

/// What is known of an event, in every shape that metadata has.
fn metadata(name: &str, dice: Dice, index: u64) -> Map<String, Value> {
    let number = dice.roll(2_000 + index, 100_000);
    let metadata = match name {
        "placed-order" => json!({
            "order": {"value": format!("№ {number}"), "url": format!("https://example.com/orders/{number}")},
            "price": {"amount": number, "currency": "eur"},
            "items": number % 7 + 1,
        }),
        "invited-friend" => {
            json!({"friend": "Zoë", "page": format!("https://example.com/invite/{number}")})
        }
        "updated-plan" => json!({
            "plan": dice.pick(3_000 + index, PLANS),
            "renewal_date": 1_767_225_600 + number,
        }),
        _ => json!({}),
    };
    match metadata {
        Value::Object(metadata) => metadata,
        _ => Map::new(),
    }
}

/// The events that were submitted, by the number of their contact.
#[derive(Debug, Default)]
pub(crate) struct EventStore {
    submitted: BTreeMap<u64, Vec<Event>>,
    /// Sums that were submitted instead of events, by the number of their contact and by name.
    summaries: BTreeMap<u64, BTreeMap<String, Times>>,
    /// The names of everything that was submitted.
    names: BTreeSet<String>,
    count: u64,
}

/// How often something happened, and when, in Unix seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) count: u64,
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl Times {
    pub(crate) fn once(at: i64) -> Times {
        Times {
            count: 1,
            first: at,
            last: at,
        }
    }

    pub(crate) fn join(&mut self, other: Times) {
        self.count = self.count.saturating_add(other.count);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

impl EventStore {
    /// Every event of a contact, newest first.
    pub(crate) fn of(&self, generator: &Generator, number: u64) -> Vec<Event> {
        let mut events = if number < generator.contacts {
            generator.events_of(number)
        } else {
            Vec::new()
        };
        if let Some(submitted) = self.submitted.get(&number) {
            events.extend(submitted.iter().cloned());
            events.sort_by_key(|event| Reverse(event.at));
        }
        events
    }

    /// Whether there is room for events of this name.
    pub(crate) fn has_room_for(&self, name: &str) -> bool {
        let generated = |name: &str| EVENTS.iter().any(|(known, _)| *known == name);
        let others = self.names.iter().filter(|known| !generated(known)).count();
        generated(name) || self.names.contains(name) || EVENTS.len() + others < MOST_NAMES
    }

    /// The sums that were submitted of a contact, by name.
    pub(crate) fn summaries_of(&self, contact: u64) -> BTreeMap<String, Times> {
        self.summaries.get(&contact).cloned().unwrap_or_default()
    }

    /// Adds to the sum of the events of a contact with a name.
    pub(crate) fn summarise(&mut self, contact: u64, name: &str, times: Times) {
        self.names.insert(name.to_owned());
        let of_contact = self.summaries.entry(contact).or_default();
        let known = of_contact.entry(name.to_owned());
        known.and_modify(|known| known.join(times)).or_insert(times);
    }

    /// Adds an event of a contact, and says whether it is new. One with the same name and second is there already: that
    /// one is given.
    pub(crate) fn add(
        &mut self,
        generator: &Generator,
        contact: u64,
        name: &str,
        created_at: i64,
        metadata: Map<String, Value>,
    ) -> (Event, bool) {
        let same = |event: &Event| event.name == name && event.created_at() == created_at;
        if let Some(event) = self.of(generator, contact).into_iter().find(same) {
            return (event, false);
        }
        self.names.insert(name.to_owned());
        self.count += 1;
        let event = Event {
            id: uuid(generator.seed, mix(!self.count)),
            name: Cow::Owned(name.to_owned()),
            // Events of one second keep the order in which they came.
            at: created_at
                .saturating_mul(1_000)
                .saturating_add_unsigned(self.count % 1_000),
            metadata,
        };
        let of_contact = self.submitted.entry(contact).or_default();
        of_contact.push(event.clone());
        (event, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::options::Options;

    #[test]
    fn events_are_newest_first_and_a_few_are_too_old_to_be_listed() {
        let generator = Generator::new(&Options {
            contacts: 500,
            ..Options::default()
        });
        let horizon = generator.epoch * 1_000 - LISTED;
        let (mut listed, mut old, mut shared) = (0, 0, 0);
        for number in 0..500 {
            let events = generator.events_of(number);
            assert!(events.windows(2).all(|pair| pair[0].at > pair[1].at));
            assert!(
                events
                    .iter()
                    .all(|event| event.created_at() < generator.epoch)
            );
            let seconds = events.windows(2);
            shared += seconds
                .filter(|pair| pair[0].created_at() == pair[1].created_at())
                .count();
            let recent = events.iter().filter(|event| event.at >= horizon).count();
            listed += recent;
            old += events.len() - recent;
        }
        assert!(
            listed > 400 && old > 50 && shared > 20,
            "{listed} {old} {shared}"
        );
    }

    #[test]
    fn the_same_event_is_one() {
        let generator = Generator::new(&Options::default());
        let mut store = EventStore::default();
        let mut add = |name, at| store.add(&generator, 3, name, at, Map::new()).0.id;
        assert_eq!(add("a", 5), add("a", 5));
        assert_ne!(add("a", 5), add("b", 5));
        assert_ne!(add("a", 5), add("a", 6));
        let added = store.of(&generator, 3).len() - generator.events_of(3).len();
        assert_eq!(added, 3);
    }
}
