//! The outline of a generated conversation: how long it is, who takes part, what its parts are.

use super::conversation::{Conversation, ConversationState};
use super::generate::Dice;
use super::generator::{CONVERSATION_DICE, CONVERSATION_PART_DICE, Generator};
use super::numbering::MOST_PARTS;
use super::ordered::Record;
use super::part::{Author, Part, PartKind, Step};

const DAY: i64 = 86_400;

/// What decides the parts of a generated conversation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outline {
    pub(crate) number: u64,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) parts: u64,
    pub(crate) state: ConversationState,
    /// The number of the contact; nothing in a workspace without contacts.
    pub(crate) contact: Option<u64>,
    /// Whether the contact wrote first.
    pub(crate) begun_by_contact: bool,
    /// The index of the teammate who does most.
    pub(crate) admin: u64,
    pub(crate) with_ai_agent: bool,
    pub(crate) dice: Dice,
}

#[derive(Clone, Copy, Default)]
enum Who {
    #[default]
    Contact,
    Admin,
    AiAgent,
    Operator,
}

/// What happens in a conversation, and how often among a hundred parts.
const HAPPENINGS: &[(u64, PartKind, Who)] = &[
    (31, PartKind::Comment, Who::Contact),
    (26, PartKind::Comment, Who::Admin),
    (8, PartKind::Comment, Who::AiAgent),
    (10, PartKind::Note, Who::Admin),
    (7, PartKind::Assignment, Who::Admin),
    (5, PartKind::AttributeUpdated, Who::Operator),
    (3, PartKind::QuickReply, Who::Contact),
    (3, PartKind::Open, Who::Contact),
    (2, PartKind::Close, Who::Admin),
    (1, PartKind::Snoozed, Who::Admin),
    (1, PartKind::AssignAndReopen, Who::Admin),
    (1, PartKind::DefaultAssignment, Who::Operator),
    (1, PartKind::CustomActionStarted, Who::Admin),
    (1, PartKind::CustomActionFinished, Who::Admin),
];

impl Generator {
    /// How many parts generated conversation `number` has: the mean of all but a few, in which nobody answered or which
    /// are eight times as long; and the one whose length was asked for.
    pub(crate) fn conversation_length(&self, number: u64) -> u64 {
        if number == 0 && self.largest_conversation > 0 {
            return self.largest_conversation.min(MOST_PARTS / 2);
        }
        let mean = self.conversation_parts.min(MOST_PARTS / 16);
        match number % 100 {
            41 => 0,
            42 => mean * 8,
            _ => Dice::new(self.seed, CONVERSATION_DICE, number).roll(3, 2 * mean + 1),
        }
    }

    /// The outline of generated conversation `number`.
    pub(crate) fn conversation_outline(&self, number: u64) -> Outline {
        let dice = Dice::new(self.seed, CONVERSATION_DICE, number);
        let updated_at = Conversation::timeline(self).at(number);
        let parts = self.conversation_length(number);
        let contact = (self.contacts > 0).then(|| dice.roll(4, self.contacts));
        let begun_by_contact = contact.is_some() && dice.chance(5, 75);
        let length = i64::try_from(parts).unwrap_or(DAY);
        Outline {
            number,
            // At least a second for each part.
            created_at: updated_at
                - if parts == 0 {
                    0
                } else {
                    length + dice.seconds(6, 30 * DAY)
                },
            updated_at,
            parts,
            state: match dice.roll(7, 100) {
                _ if parts == 0 && begun_by_contact => ConversationState::Open,
                _ if parts == 0 => ConversationState::Closed,
                0..55 => ConversationState::Closed,
                55..90 => ConversationState::Open,
                _ => ConversationState::Snoozed,
            },
            contact,
            begun_by_contact,
            admin: dice.roll(8, self.admins),
            with_ai_agent: dice.chance(9, 35),
            dice,
        }
    }

    /// The outline of part `index` of a generated conversation. The last one leaves the conversation in its state.
    pub(crate) fn conversation_step(&self, outline: &Outline, index: u64) -> Step {
        let dice = self.part_dice(outline, index);
        let (kind, who) = if index + 1 < outline.parts {
            happening(dice.roll(20, 100))
        } else {
            match outline.state {
                ConversationState::Closed => (PartKind::Close, Who::Admin),
                ConversationState::Snoozed => (PartKind::Snoozed, Who::Admin),
                ConversationState::Open if outline.ends_with_contact() => {
                    (PartKind::Comment, Who::Contact)
                }
                ConversationState::Open => (PartKind::Comment, Who::Admin),
            }
        };
        let admin = if dice.chance(21, 75) {
            outline.admin
        } else {
            dice.roll(22, self.admins)
        };
        let author = match (who, outline.contact) {
            (Who::Contact, Some(contact)) => Author::Contact(contact),
            (Who::AiAgent, _) if outline.with_ai_agent => Author::AiAgent,
            (Who::Operator, _) => Author::Operator,
            _ => Author::Admin(admin),
        };
        let life = i128::from(outline.updated_at - outline.created_at);
        let elapsed = i128::from(index + 1) * life / i128::from(outline.parts.max(1));
        let at = outline.created_at + i64::try_from(elapsed).unwrap_or(0);
        Step { kind, author, at }
    }

    /// Part `index` of a generated conversation.
    pub(crate) fn conversation_part(&self, outline: &Outline, index: u64) -> Part {
        let step = self.conversation_step(outline, index);
        Part::generated(
            step,
            self.part_dice(outline, index),
            self.admins,
            self.teams,
        )
    }

    fn part_dice(&self, outline: &Outline, index: u64) -> Dice {
        let number = outline.number.wrapping_mul(MOST_PARTS).wrapping_add(index);
        Dice::new(self.seed, CONVERSATION_PART_DICE, number)
    }
}

impl Outline {
    /// Whether the last to write is the contact, where nobody closed the conversation.
    pub(crate) fn ends_with_contact(&self) -> bool {
        self.contact.is_some() && self.dice.chance(10, 60)
    }
}

fn happening(mut roll: u64) -> (PartKind, Who) {
    for (share, kind, who) in HAPPENINGS {
        if roll < *share {
            return (*kind, *who);
        }
        roll -= share;
    }
    (PartKind::Comment, Who::Admin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::Options;

    #[test]
    fn happenings_are_a_hundred() {
        let shares: u64 = HAPPENINGS.iter().map(|(share, ..)| share).sum();
        assert_eq!(shares, 100);
    }

    #[test]
    fn parts_lie_between_the_first_message_and_the_last_change() {
        let generator = Generator::new(&Options {
            conversations: 300,
            largest_conversation: 1_200,
            ..Options::default()
        });
        let mut total = 0;
        for number in 0..300 {
            let outline = generator.conversation_outline(number);
            let times: Vec<i64> = (0..outline.parts)
                .map(|index| generator.conversation_step(&outline, index).at)
                .collect();
            assert!(times.is_sorted());
            assert!(
                times
                    .first()
                    .is_none_or(|first| *first > outline.created_at)
            );
            assert!(times.last().is_none_or(|last| *last == outline.updated_at));
            total += times.len();
        }
        assert_eq!(generator.conversation_length(0), 1_200);
        assert!((300 * 4..300 * 6).contains(&(total - 1_200)), "{total}");
    }
}
