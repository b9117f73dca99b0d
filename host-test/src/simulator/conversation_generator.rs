//! One generated conversation.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::conversation::{
    AiAgent, AppliedTag, Conversation, ConversationState, PRIORITIES, Rating, Source,
};
use super::conversation_attribute_table::names;
use super::conversation_outline::Outline;
use super::generate::Dice;
use super::generator::{FIRST_TAG_ID, Generator};
use super::message_text::{self, SUBJECTS};
use super::part::{Author, Thread};

/// One in so many conversations belongs to a ticket, and the remainder of its number.
pub(crate) const LINKED: (u64, u64) = (10, 3);

/// Where conversations come from.
const CHANNELS: &[&str] = &[
    "conversation",
    "conversation",
    "conversation",
    "email",
    "email",
    "whatsapp",
    "facebook",
    "phone_call",
    "push",
];

/// How a conversation begins that a contact does not begin.
const DELIVERIES: &[&str] = &[
    "admin_initiated",
    "operator_initiated",
    "automated",
    "campaigns_initiated",
];

const TOPICS: &[&str] = &["Billing", "Bugs", "Rückfragen", "Onboarding"];

const RESOLUTIONS: &[Option<&str>] = &[
    Some("assumed_resolution"),
    Some("confirmed_resolution"),
    Some("routed_to_team"),
    Some("abandoned"),
    None,
];

impl Generator {
    /// Generated conversation `number`.
    pub(crate) fn conversation(&self, number: u64) -> Conversation {
        let outline = self.conversation_outline(number);
        let Outline {
            created_at,
            updated_at,
            state,
            dice,
            ..
        } = outline;
        let waits =
            state == ConversationState::Open && (outline.parts == 0 || outline.ends_with_contact());
        let ticket = number / LINKED.0;
        let second = dice.chance(40, 4).then(|| dice.roll(41, self.contacts));
        let second = second.filter(|second| Some(*second) != outline.contact);
        Conversation {
            number,
            deletion: None,
            created_at,
            updated_at,
            title: dice
                .chance(42, 40)
                .then(|| Cow::Borrowed(dice.pick(43, SUBJECTS))),
            state,
            read: dice.chance(44, 80),
            priority: match dice.roll(45, 10) {
                0..6 => 0,
                _ => 1 + dice.roll(46, PRIORITIES.len() as u64 - 1) as usize,
            },
            waiting_since: (waits && outline.contact.is_some()).then_some(updated_at),
            snoozed_until: (state == ConversationState::Snoozed)
                .then(|| self.epoch + dice.seconds(47, 30 * 86_400)),
            admin_assignee: dice.chance(48, 70).then_some(outline.admin),
            team_assignee: (self.teams > 0 && dice.chance(49, 50))
                .then(|| dice.roll(50, self.teams)),
            source: source(&outline),
            contacts: if self.contacts > 0 {
                outline.contact.into_iter().chain(second).collect()
            } else {
                Vec::new()
            },
            company: None,
            custom_attributes: attributes(dice, number, updated_at),
            tags: self.applied_tags(&outline),
            sla: dice.chance(51, 20).then(|| {
                let status = dice.pick(52, &["hit", "missed", "cancelled", "active"]);
                ("First reply in an hour", status)
            }),
            rating: rating(&outline),
            ai_agent: outline.with_ai_agent.then(|| ai_agent(dice, created_at)),
            ticket: (number % LINKED.0 == LINKED.1 && ticket < self.tickets).then_some(ticket),
            topics: TOPICS
                .iter()
                .copied()
                .filter(|topic| dice.chance(53 + topic.len() as u64, 12))
                .collect(),
            thread: Thread {
                generated: outline.parts,
                ..Thread::default()
            },
        }
    }

    fn applied_tags(&self, outline: &Outline) -> Vec<AppliedTag> {
        let dice = outline.dice;
        let first = dice.roll(70, self.tags);
        let count = dice.roll(71, 4).saturating_sub(1).min(self.tags);
        (0..count)
            .map(|step| AppliedTag {
                id: FIRST_TAG_ID + (first + step) % self.tags,
                applied_at: outline.created_at
                    + dice.seconds(72, outline.updated_at - outline.created_at),
                admin: outline.admin,
            })
            .collect()
    }
}

fn source(outline: &Outline) -> Source {
    let dice = outline.dice;
    let channel = dice.pick(80, CHANNELS);
    let (author, delivered_as) = match outline.contact {
        Some(contact) if outline.begun_by_contact => {
            (Author::Contact(contact), "customer_initiated")
        }
        _ => match dice.pick(81, DELIVERIES) {
            "operator_initiated" => (Author::Operator, "operator_initiated"),
            delivery => (Author::Admin(outline.admin), delivery),
        },
    };
    let page = format!(
        "https://app.example.com/orders/{}?from=menu",
        outline.number
    );
    Source {
        channel,
        delivered_as,
        subject: if channel == "email" {
            Cow::Borrowed(dice.pick(82, SUBJECTS))
        } else {
            Cow::Borrowed("")
        },
        body: message_text::html(dice, 83, 3),
        author,
        attachments: dice
            .chance(84, 6)
            .then_some(Cow::Borrowed("screenshot.png"))
            .into_iter()
            .collect(),
        url: (channel == "conversation" && outline.begun_by_contact).then_some(page),
        redacted: dice.chance(85, 1),
    }
}

fn rating(outline: &Outline) -> Option<Rating> {
    let dice = outline.dice;
    let remarks = [
        "",
        "Quick and friendly",
        "Took \"a while\"",
        "とても親切でした",
    ];
    let asked = outline.parts > 0 && dice.chance(90, 18);
    asked.then(|| Rating {
        rating: dice.chance(91, 80).then(|| 1 + dice.roll(92, 5)),
        remark: dice.pick(93, &remarks),
        created_at: outline.updated_at,
        admin: outline.admin,
    })
}

fn ai_agent(dice: Dice, at: i64) -> AiAgent {
    let rated = dice.chance(100, 30);
    let answered = dice.chance(101, 75);
    AiAgent {
        source_type: dice.pick(102, &["profile", "workflow", "essentials_plan_setup"]),
        source_title: dice.chance(103, 60).then_some("First answers"),
        last_answer_type: answered
            .then(|| dice.pick(104, &["ai_answer", "ai_answer", "custom_answer"])),
        resolution_state: if answered {
            dice.pick(105, RESOLUTIONS)
        } else {
            None
        },
        rating: rated.then(|| 1 + dice.roll(106, 5)),
        rating_remark: (rated && dice.chance(107, 40)).then_some("Solved it at once"),
        at,
        sources: (
            dice.roll(108, 8),
            if answered { dice.roll(109, 4) } else { 0 },
        ),
    }
}

fn attributes(dice: Dice, number: u64, updated_at: i64) -> Map<String, Value> {
    let mut attributes = Map::new();
    let mut set = |question: u64, percent: u64, name: &str, value: Value| {
        if dice.chance(question, percent) {
            attributes.insert(name.to_owned(), value);
        }
    };
    let issue = dice.pick(120, &["Billing", "Bug", "Question"]);
    set(121, 70, names::ISSUE_TYPE, issue.into());
    set(122, 60, names::AI_TITLE, dice.pick(123, SUBJECTS).into());
    set(124, 30, names::ORDER_COUNT, dice.roll(125, 40).into());
    set(
        126,
        30,
        names::ORDER_NUMBER,
        format!("ORDER-{number:06}").into(),
    );
    set(127, 25, names::FOLLOW_UP_AT, (updated_at + 86_400).into());
    set(128, 30, names::ESCALATED, dice.chance(129, 50).into());
    let refund = (dice.roll(130, 50_000) as f64) / 100.0;
    set(131, 15, names::REFUND, refund.into());
    attributes
}
