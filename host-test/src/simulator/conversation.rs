//! A conversation: its state, whether generated or written.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::errors::ApiError;
use super::generator::{CONVERSATION_DICE, Generator};
use super::numbering::CONVERSATIONS;
use super::ordered::Record;
use super::part::{Author, Part, Step, Thread};
use super::timeline::Timeline;

/// Whether a conversation waits for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConversationState {
    Open,
    Closed,
    Snoozed,
}

impl ConversationState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            ConversationState::Open => "open",
            ConversationState::Closed => "closed",
            ConversationState::Snoozed => "snoozed",
        }
    }
}

/// Priorities from 2.16 on, from the least to the greatest.
pub(crate) const PRIORITIES: &[&str] = &["none", "low", "medium", "high", "urgent"];
/// From which of them on older versions say that there is priority.
const PRIORITY_FROM: usize = 3;

/// When a conversation was deleted, and whether it still counts in reports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deletion {
    pub(crate) at: i64,
    pub(crate) metrics_retained: bool,
}

/// The message that a conversation begins with.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Its channel, as the API names it.
    pub(crate) channel: &'static str,
    pub(crate) delivered_as: &'static str,
    pub(crate) subject: Cow<'static, str>,
    pub(crate) body: String,
    pub(crate) author: Author,
    /// The names of the attached files.
    pub(crate) attachments: Vec<Cow<'static, str>>,
    pub(crate) url: Option<String>,
    pub(crate) redacted: bool,
}

/// A tag on a conversation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AppliedTag {
    pub(crate) id: u64,
    pub(crate) applied_at: i64,
    /// The index of the teammate who applied it.
    pub(crate) admin: u64,
}

/// What the contact thinks of the conversation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rating {
    /// Nothing while it was only asked for.
    pub(crate) rating: Option<u64>,
    pub(crate) remark: &'static str,
    pub(crate) created_at: i64,
    /// The index of the teammate who is rated.
    pub(crate) admin: u64,
}

/// What the AI agent did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AiAgent {
    pub(crate) source_type: &'static str,
    pub(crate) source_title: Option<&'static str>,
    pub(crate) last_answer_type: Option<&'static str>,
    /// As versions before 2.15 name it.
    pub(crate) resolution_state: Option<&'static str>,
    pub(crate) rating: Option<u64>,
    pub(crate) rating_remark: Option<&'static str>,
    pub(crate) at: i64,
    /// The first of its sources in their table, and how many there are.
    pub(crate) sources: (u64, u64),
}

/// The whole state of a conversation.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    pub(crate) number: u64,
    pub(crate) deletion: Option<Deletion>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) title: Option<Cow<'static, str>>,
    pub(crate) state: ConversationState,
    pub(crate) read: bool,
    /// A number in the table of priorities.
    pub(crate) priority: usize,
    pub(crate) waiting_since: Option<i64>,
    pub(crate) snoozed_until: Option<i64>,
    /// The index of a teammate.
    pub(crate) admin_assignee: Option<u64>,
    /// The index of a team.
    pub(crate) team_assignee: Option<u64>,
    pub(crate) source: Source,
    /// Numbers of contacts.
    pub(crate) contacts: Vec<u64>,
    /// The number of the company that it was given; without one it is the first company of its contact.
    pub(crate) company: Option<u64>,
    pub(crate) custom_attributes: Map<String, Value>,
    pub(crate) tags: Vec<AppliedTag>,
    /// Name and status.
    pub(crate) sla: Option<(&'static str, &'static str)>,
    pub(crate) rating: Option<Rating>,
    pub(crate) ai_agent: Option<AiAgent>,
    /// The number of a ticket.
    pub(crate) ticket: Option<u64>,
    pub(crate) topics: Vec<&'static str>,
    pub(crate) thread: Thread,
}

impl Conversation {
    /// The id by which the API knows this conversation.
    pub(crate) fn id(&self) -> String {
        CONVERSATIONS.encode(self.number)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state != ConversationState::Closed
    }

    /// Gives it a priority, by the name that it has from 2.16 on.
    ///
    /// # Errors
    /// 400 when there is none with this name.
    pub(crate) fn set_priority(&mut self, name: &str) -> Result<(), ApiError> {
        let place = PRIORITIES.iter().position(|known| *known == name);
        self.priority = place
            .ok_or_else(|| ApiError::parameter_invalid(format!("{name} is not a priority")))?;
        Ok(())
    }

    /// The priority as versions from 2.16 on name it, and as older ones do.
    pub(crate) fn priorities(&self) -> [&'static str; 2] {
        let newer = PRIORITIES.get(self.priority).copied().unwrap_or("none");
        let older = if self.priority >= PRIORITY_FROM {
            "priority"
        } else {
            "not_priority"
        };
        [newer, older]
    }

    /// A part.
    pub(crate) fn part(&self, generator: &Generator, index: u64) -> Option<Part> {
        self.thread.part(index, |index| {
            let outline = generator.conversation_outline(self.number);
            generator.conversation_part(&outline, index)
        })
    }

    /// The outlines of all parts.
    pub(crate) fn steps<'a>(&'a self, generator: &'a Generator) -> impl Iterator<Item = Step> + 'a {
        let outline = generator.conversation_outline(self.number);
        let generated = (0..self.thread.generated)
            .map(move |index| generator.conversation_step(&outline, index));
        generated.chain(self.thread.added.iter().map(|part| part.step))
    }

    /// When a contact first said something.
    pub(crate) fn first_contact_reply_at(&self, generator: &Generator) -> Option<i64> {
        if matches!(self.source.author, Author::Contact(_)) {
            return Some(self.created_at);
        }
        let mut steps = self.steps(generator);
        let first =
            steps.find(|step| matches!(step.author, Author::Contact(_)) && step.kind.replies());
        first.map(|step| step.at)
    }
}

impl Record for Conversation {
    type Forgotten = ();

    fn timeline(generator: &Generator) -> Timeline {
        generator.timeline(CONVERSATION_DICE, generator.conversations)
    }

    fn generate(generator: &Generator, number: u64) -> Conversation {
        generator.conversation(number)
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn updated_at(&self) -> i64 {
        self.updated_at
    }

    fn is_live(&self) -> bool {
        self.deletion.is_none()
    }
}
