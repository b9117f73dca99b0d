//! A ticket: its state, whether generated or written; and one generated ticket.

use serde_json::{Map, Value, json};

use super::conversation::AppliedTag;
use super::conversation_generator::LINKED;
use super::generate::Dice;
use super::generator::{Generator, TICKET_DICE, TICKET_PART_DICE};
use super::message_text::{self, SUBJECTS};
use super::moment::timestamp;
use super::numbering::{MOST_PARTS, TICKETS};
use super::ordered::Record;
use super::part::{Author, Part, PartKind, Step, Thread};
use super::ticket_tables::{DESCRIPTION, KINDS, KindRow, RESOLVED, SEVERITIES, STATES, TITLE};
use super::timeline::Timeline;

const DAY: i64 = 86_400;
/// How many parts a generated ticket has at most.
const LONGEST: u64 = 8;

/// The whole state of a ticket.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) number: u64,
    pub(crate) deleted: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    /// A number among the kinds of the workspace.
    pub(crate) kind: usize,
    /// The category of its kind.
    pub(crate) category: &'static str,
    pub(crate) open: bool,
    /// Whether its contacts see it.
    pub(crate) is_shared: bool,
    /// A number in the table of states.
    pub(crate) state: usize,
    /// The state before; nothing while it never changed.
    pub(crate) previous_state: Option<usize>,
    pub(crate) attributes: Map<String, Value>,
    /// Numbers of contacts.
    pub(crate) contacts: Vec<u64>,
    /// The number of a company.
    pub(crate) company: Option<u64>,
    /// The index of a teammate.
    pub(crate) admin_assignee: Option<u64>,
    /// The index of a team.
    pub(crate) team_assignee: Option<u64>,
    pub(crate) snoozed_until: Option<i64>,
    /// The number of the conversation that it belongs to.
    pub(crate) conversation: Option<u64>,
    pub(crate) tags: Vec<AppliedTag>,
    pub(crate) thread: Thread,
}

impl Ticket {
    /// The id by which the API knows this ticket.
    pub(crate) fn id(&self) -> String {
        TICKETS.encode(self.number)
    }

    /// The category of the state.
    pub(crate) fn state_category(&self) -> &'static str {
        STATES.get(self.state).unwrap_or(&STATES[0]).category
    }

    /// A part.
    pub(crate) fn part(&self, generator: &Generator, index: u64) -> Option<Part> {
        self.thread
            .part(index, |index| generator.ticket_part(self.number, index))
    }
}

impl Record for Ticket {
    type Forgotten = ();

    fn timeline(generator: &Generator) -> Timeline {
        generator.timeline(TICKET_DICE, generator.tickets)
    }

    fn generate(generator: &Generator, number: u64) -> Ticket {
        generator.ticket(number)
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn updated_at(&self) -> i64 {
        self.updated_at
    }

    fn is_live(&self) -> bool {
        !self.deleted
    }
}

impl Generator {
    /// How many parts generated ticket `number` has: at least the one in which it was submitted.
    pub(crate) fn ticket_length(&self, number: u64) -> u64 {
        1 + self.ticket_dice(number).roll(1, LONGEST)
    }

    /// Generated ticket `number`.
    pub(crate) fn ticket(&self, number: u64) -> Ticket {
        let dice = self.ticket_dice(number);
        let updated_at = Ticket::timeline(self).at(number);
        let state = self.ticket_state(number);
        let kind = dice.roll(3, KINDS.len() as u64 - 1) as usize;
        let contact = self.ticket_contact(number);
        let companies = contact.map(|contact| self.companies_of(contact));
        let category = KINDS.get(kind).map_or("Customer", |kind| kind.category);
        Ticket {
            number,
            deleted: false,
            created_at: self.ticket_created_at(number),
            updated_at,
            kind,
            category,
            open: state != RESOLVED,
            is_shared: category == "Customer",
            state,
            previous_state: (state != 0).then_some(0),
            attributes: attributes(dice, KINDS.get(kind), updated_at),
            contacts: contact.into_iter().collect(),
            company: companies.and_then(|companies| companies.first().copied()),
            admin_assignee: dice.chance(5, 60).then(|| dice.roll(6, self.admins)),
            team_assignee: (self.teams > 0 && dice.chance(7, 40)).then(|| dice.roll(8, self.teams)),
            snoozed_until: (state != RESOLVED && dice.chance(9, 10))
                .then(|| self.epoch + dice.seconds(10, 30 * DAY)),
            conversation: self.ticket_conversation(number),
            tags: Vec::new(),
            thread: Thread {
                generated: self.ticket_length(number),
                ..Thread::default()
            },
        }
    }

    /// Part `index` of generated ticket `number`: it begins with being submitted and ends in its state.
    pub(crate) fn ticket_part(&self, number: u64, index: u64) -> Part {
        let key = number.wrapping_mul(MOST_PARTS).wrapping_add(index);
        let dice = Dice::new(self.seed, TICKET_PART_DICE, key);
        let length = self.ticket_length(number);
        let created_at = self.ticket_created_at(number);
        let life = Ticket::timeline(self).at(number) - created_at;
        let last = (length - 1).max(1) as i64;
        let at = created_at + index as i64 * life / last;
        let state = self.ticket_state(number);
        let kind = match dice.roll(20, 10) {
            _ if index == 0 || (index + 1 == length && state != 0) => PartKind::TicketStateUpdated,
            0..5 => PartKind::Comment,
            5 | 6 => PartKind::Note,
            7 => PartKind::Assignment,
            8 => PartKind::TicketAttributeUpdated,
            _ => PartKind::QuickReply,
        };
        let author = match (kind, self.ticket_contact(number)) {
            _ if index == 0 => Author::Operator,
            (PartKind::Comment | PartKind::QuickReply, Some(contact)) if dice.chance(21, 50) => {
                Author::Contact(contact)
            }
            _ => Author::Admin(dice.roll(22, self.admins)),
        };
        let states = (0, if index == 0 { 0 } else { state });
        Part {
            states: (kind == PartKind::TicketStateUpdated).then_some(states),
            ..Part::generated(Step { kind, author, at }, dice, self.admins, self.teams)
        }
    }

    fn ticket_dice(&self, number: u64) -> Dice {
        Dice::new(self.seed, TICKET_DICE, number)
    }

    /// The number of the conversation that a generated ticket belongs to.
    fn ticket_conversation(&self, number: u64) -> Option<u64> {
        let conversation = number * LINKED.0 + LINKED.1;
        (conversation < self.conversations).then_some(conversation)
    }

    fn ticket_contact(&self, number: u64) -> Option<u64> {
        match self.ticket_conversation(number) {
            Some(conversation) => self.conversation_outline(conversation).contact,
            None => (self.contacts > 0).then(|| self.ticket_dice(number).roll(4, self.contacts)),
        }
    }

    fn ticket_created_at(&self, number: u64) -> i64 {
        let updated_at = Ticket::timeline(self).at(number);
        match self.ticket_length(number) {
            1 => updated_at,
            length => updated_at - length as i64 - self.ticket_dice(number).seconds(11, 20 * DAY),
        }
    }

    /// The number of the state of a generated ticket; the first one while nothing happened.
    fn ticket_state(&self, number: u64) -> usize {
        if self.ticket_length(number) == 1 {
            return 0;
        }
        self.ticket_dice(number).roll(2, STATES.len() as u64) as usize
    }
}

fn attributes(dice: Dice, kind: Option<&KindRow>, updated_at: i64) -> Map<String, Value> {
    let mut attributes = Map::new();
    for (index, (name, data_type)) in kind
        .into_iter()
        .flat_map(|kind| kind.attributes)
        .enumerate()
    {
        let question = 30 + 2 * index as u64;
        let value = match (*name, *data_type) {
            (TITLE, _) => json!(dice.pick(question, SUBJECTS)),
            (DESCRIPTION, _) => json!(
                dice.chance(question, 80)
                    .then(|| { message_text::plain(&message_text::html(dice, 60, 1)) })
            ),
            (_, "list") => json!(dice.pick(question, SEVERITIES)),
            (_, "integer") => json!(dice.roll(question, 5_000)),
            (_, "decimal") => json!(dice.roll(question, 50_000) as f64 / 100.0),
            (_, "boolean") => json!(dice.chance(question, 50)),
            (_, "datetime") => json!(timestamp(updated_at - 3_600).to_string()),
            _ => Value::Null,
        };
        attributes.insert((*name).to_owned(), value);
    }
    attributes
}
