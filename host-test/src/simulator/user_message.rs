//! A message of a contact: a conversation begins with it.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::conversation::{Conversation, ConversationState, Source};
use super::message_text;
use super::numbering::SOURCES;
use super::part::Author;
use super::workspace::Workspace;

/// A message of a contact.
#[derive(Clone, Debug)]
pub(crate) struct UserMessage<'a> {
    /// The number of the contact.
    pub(crate) contact: u64,
    pub(crate) body: &'a str,
    pub(crate) subject: Option<&'a str>,
    pub(crate) attachments: Vec<Cow<'static, str>>,
    /// When it was written, where that was not now.
    pub(crate) created_at: Option<i64>,
}

impl UserMessage<'_> {
    /// Begins a conversation with it; gives the message as the API renders it.
    pub(crate) fn begin(self, workspace: &Workspace) -> Value {
        let now = workspace.now();
        let created_at = self.created_at.unwrap_or(now);
        let number = workspace.write().conversations.next_number();
        let source = Source {
            channel: "conversation",
            delivered_as: "customer_initiated",
            subject: Cow::Owned(self.subject.unwrap_or_default().to_owned()),
            body: message_text::html_of(self.body),
            author: Author::Contact(self.contact),
            attachments: self.attachments,
            url: None,
            redacted: false,
        };
        let conversation = Conversation {
            waiting_since: Some(created_at),
            created_at,
            ..Conversation::begun(number, source, self.contact, now)
        };
        let answer = json!({
            "type": "user_message",
            "id": SOURCES.encode(number),
            "created_at": created_at,
            "body": self.body,
            "message_type": "inapp",
            "conversation_id": conversation.id(),
        });
        workspace.insert_conversation(conversation);
        answer
    }
}

impl Conversation {
    /// A conversation that begins now with a message to or from a contact.
    pub(crate) fn begun(number: u64, source: Source, contact: u64, now: i64) -> Conversation {
        Conversation {
            number,
            deletion: None,
            created_at: now,
            updated_at: now,
            title: None,
            state: ConversationState::Open,
            read: false,
            priority: 0,
            waiting_since: None,
            snoozed_until: None,
            admin_assignee: None,
            team_assignee: None,
            source,
            contacts: vec![contact],
            company: None,
            custom_attributes: serde_json::Map::new(),
            tags: Vec::new(),
            sla: None,
            rating: None,
            ai_agent: None,
            ticket: None,
            topics: Vec::new(),
            thread: super::part::Thread::default(),
        }
    }
}
