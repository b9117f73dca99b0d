//! A part of a conversation or of a ticket: what was said or done, by whom, and when.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::generate::Dice;
use super::message_text;

/// What a part is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PartKind {
    #[default]
    Comment,
    Note,
    QuickReply,
    Open,
    Close,
    Snoozed,
    Assignment,
    AssignAndReopen,
    DefaultAssignment,
    AttributeUpdated,
    CustomActionStarted,
    CustomActionFinished,
    TicketStateUpdated,
    TicketAttributeUpdated,
}

/// Every kind and its `part_type`.
const KINDS: &[(PartKind, &str)] = &[
    (PartKind::Comment, "comment"),
    (PartKind::Note, "note"),
    (PartKind::QuickReply, "quick_reply"),
    (PartKind::Open, "open"),
    (PartKind::Close, "close"),
    (PartKind::Snoozed, "snoozed"),
    (PartKind::Assignment, "assignment"),
    (PartKind::AssignAndReopen, "assign_and_reopen"),
    (PartKind::DefaultAssignment, "default_assignment"),
    (
        PartKind::AttributeUpdated,
        "conversation_attribute_updated_by_admin",
    ),
    (PartKind::CustomActionStarted, "custom_action_started"),
    (PartKind::CustomActionFinished, "custom_action_finished"),
    (
        PartKind::TicketStateUpdated,
        "ticket_state_updated_by_admin",
    ),
    (
        PartKind::TicketAttributeUpdated,
        "ticket_attribute_updated_by_admin",
    ),
];

impl PartKind {
    /// The `part_type`.
    pub(crate) fn name(self) -> &'static str {
        let known = KINDS.iter().find(|(kind, _)| *kind == self);
        known.map_or("comment", |(_, name)| name)
    }

    /// The kind with this `part_type`.
    pub(crate) fn of(name: &str) -> Option<PartKind> {
        let known = KINDS.iter().find(|(_, known)| *known == name);
        known.map(|(kind, _)| *kind)
    }

    /// Whether a part of this kind assigns.
    pub(crate) fn assigns(self) -> bool {
        matches!(
            self,
            PartKind::Assignment | PartKind::AssignAndReopen | PartKind::DefaultAssignment
        )
    }

    /// Whether a part of this kind is an answer that its reader sees.
    pub(crate) fn replies(self) -> bool {
        matches!(
            self,
            PartKind::Comment | PartKind::QuickReply | PartKind::Open
        )
    }

    /// Of how many parts of this kind, in percent, there is a text.
    fn speaks(self) -> u64 {
        match self {
            PartKind::Comment | PartKind::Note | PartKind::QuickReply | PartKind::Open => 100,
            PartKind::Close | PartKind::Assignment | PartKind::AssignAndReopen => 25,
            _ => 0,
        }
    }
}

/// Who did it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Author {
    /// The contact with this number.
    Contact(u64),
    /// The teammate with this index.
    Admin(u64),
    /// Intercom itself.
    #[default]
    Operator,
    /// The AI agent.
    AiAgent,
}

/// Whom a part assigns to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assignee {
    /// The teammate with this index.
    Admin(u64),
    /// The team with this index.
    Team(u64),
    /// Nobody any more.
    Nobody,
}

/// Writes attributes, and gives those whose value is another one now.
pub(crate) fn write_attributes(
    into: &mut Map<String, Value>,
    patch: Map<String, Value>,
) -> Vec<AttributeChange> {
    let mut changes = Vec::new();
    for (name, value) in patch {
        let previous = into.insert(name.clone(), value.clone()).unwrap_or_default();
        if previous != value {
            changes.push(AttributeChange {
                name,
                value,
                previous,
            });
        }
    }
    changes
}

/// The outline of a part: enough to count by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) kind: PartKind,
    pub(crate) author: Author,
    pub(crate) at: i64,
}

/// A part.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) step: Step,
    pub(crate) updated_at: i64,
    pub(crate) body: Option<String>,
    pub(crate) assigned_to: Option<Assignee>,
    /// The names of the attached files.
    pub(crate) attachments: Vec<Cow<'static, str>>,
    pub(crate) external_id: Option<String>,
    pub(crate) redacted: bool,
    /// The states of a ticket before and after, as numbers in the table of states.
    pub(crate) states: Option<(usize, usize)>,
    /// The attribute that was written; generated parts do not know theirs.
    pub(crate) attribute: Option<AttributeChange>,
}

/// An attribute of a conversation or a ticket that was written.
#[derive(Clone, Debug)]
pub(crate) struct AttributeChange {
    pub(crate) name: String,
    pub(crate) value: Value,
    pub(crate) previous: Value,
}

/// The text of a part or message that was redacted.
pub(crate) const REDACTED: &str = "<p><i>This message was deleted</i></p>";

impl Part {
    /// A part that says this.
    pub(crate) fn said(step: Step, body: Option<String>) -> Part {
        Part {
            step,
            updated_at: step.at,
            body,
            assigned_to: None,
            attachments: Vec::new(),
            external_id: None,
            redacted: false,
            states: None,
            attribute: None,
        }
    }

    /// The generated part of this outline.
    pub(crate) fn generated(step: Step, dice: Dice, admins: u64, teams: u64) -> Part {
        let speaks = dice.chance(1, step.kind.speaks());
        let body = speaks.then(|| message_text::html(dice, 100, 4));
        let files = ["screenshot.png", "überblick.pdf", "log.txt"];
        let assignee = match dice.roll(2, 10) {
            0 => Assignee::Nobody,
            1..4 if teams > 0 => Assignee::Team(dice.roll(3, teams)),
            _ => Assignee::Admin(dice.roll(4, admins)),
        };
        Part {
            updated_at: step.at + if dice.chance(5, 20) { 1 } else { 0 },
            assigned_to: step.kind.assigns().then_some(assignee),
            attachments: (speaks && dice.chance(6, 8))
                .then(|| Cow::Borrowed(dice.pick(7, &files)))
                .into_iter()
                .collect(),
            external_id: dice
                .chance(8, 5)
                .then(|| format!("external-{}", dice.roll(9, 1_000_000))),
            ..Part::said(step, body)
        }
    }

    fn redact(&mut self, at: i64) {
        self.body = Some(REDACTED.to_owned());
        self.attachments.clear();
        self.redacted = true;
        self.updated_at = at;
    }
}

/// The parts of a conversation or a ticket: generated ones, then those that were written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Thread {
    /// How many parts are generated.
    pub(crate) generated: u64,
    pub(crate) added: Vec<Part>,
    /// When which part was redacted.
    pub(crate) redacted: BTreeMap<u64, i64>,
}

impl Thread {
    /// How many parts there are.
    pub(crate) fn len(&self) -> u64 {
        self.generated + self.added.len() as u64
    }

    /// A part; `generate` gives the generated one.
    pub(crate) fn part(&self, index: u64, generate: impl FnOnce(u64) -> Part) -> Option<Part> {
        let mut part = match index.checked_sub(self.generated) {
            None => generate(index),
            Some(added) => self.added.get(usize::try_from(added).ok()?)?.clone(),
        };
        if let Some(at) = self.redacted.get(&index) {
            part.redact(*at);
        }
        Some(part)
    }
}
