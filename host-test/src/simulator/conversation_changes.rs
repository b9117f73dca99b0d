//! Changes to conversations: new parts, redactions, deletions.

use serde::Deserialize;

use super::conversation::{Conversation, ConversationState, Deletion};
use super::errors::ApiError;
use super::numbering::{CONVERSATION_PARTS, CONVERSATIONS, MOST_PARTS, SOURCES};
use super::part::{Assignee, Author, Part, PartKind, Step};
use super::topics::Subject;
use super::workspace::{State, Workspace};

/// How long a conversation sleeps that is snoozed.
const SNOOZE: i64 = 86_400;

/// A part to be added to a conversation or a ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewPart {
    /// Its `part_type`; a comment when it is empty.
    pub part_type: String,
    /// Its text, as HTML.
    pub body: Option<String>,
    /// Whether the contact writes it, and not a teammate.
    pub from_contact: bool,
}

impl NewPart {
    /// A teammate's comment.
    pub fn comment(body: &str) -> NewPart {
        NewPart {
            body: Some(body.to_owned()),
            ..NewPart::default()
        }
    }

    /// A part without a text, such as `close` or `assignment`.
    pub fn of_type(part_type: &str) -> NewPart {
        NewPart {
            part_type: part_type.to_owned(),
            ..NewPart::default()
        }
    }

    /// The part, written at `now`; an assignment is to the first teammate, who writes all that contacts do not.
    pub(crate) fn written(&self, contact: Option<u64>, now: i64) -> Result<Part, ApiError> {
        let kind = match self.part_type.as_str() {
            "" => PartKind::Comment,
            name => PartKind::of(name).ok_or_else(|| {
                ApiError::parameter_invalid(format!("{name} is not a type of parts"))
            })?,
        };
        let author = match contact.filter(|_| self.from_contact) {
            Some(contact) => Author::Contact(contact),
            None => Author::Admin(0),
        };
        let step = Step {
            kind,
            author,
            at: now,
        };
        Ok(Part {
            assigned_to: kind.assigns().then_some(Assignee::Admin(0)),
            ..Part::said(step, self.body.clone())
        })
    }
}

impl Workspace {
    /// Adds a part to a conversation, which does to it what such a part does; gives the part's id.
    ///
    /// # Errors
    /// 404 for a conversation that cannot be read, 400 for a type of parts that does not exist or when it is full.
    pub fn add_conversation_part(&self, id: &str, part: &NewPart) -> Result<String, ApiError> {
        self.add_part_of(id, part, None)
    }

    /// Adds a part that somebody wrote; whoever usually would when nobody is named.
    pub(crate) fn add_part_of(
        &self,
        id: &str,
        part: &NewPart,
        author: Option<Author>,
    ) -> Result<String, ApiError> {
        self.change_conversation(id, |conversation, now| {
            let mut part = part.written(conversation.contacts.first().copied(), now)?;
            part.step.author = author.unwrap_or(part.step.author);
            let index = conversation.add(part)?;
            let id = CONVERSATION_PARTS.encode_part(conversation.number, index);
            Ok((id, Told::Part(index)))
        })
    }

    /// Closes a conversation; gives the id of the part that says so.
    ///
    /// # Errors
    /// 404 for a conversation that cannot be read.
    pub fn close_conversation(&self, id: &str) -> Result<String, ApiError> {
        self.add_conversation_part(id, &NewPart::of_type("close"))
    }

    /// Redacts the message that a conversation begins with.
    pub(crate) fn redact_source(&self, id: &str, source: &str) -> Result<(), ApiError> {
        self.change_conversation(id, |conversation, _| {
            if SOURCES.encode(conversation.number) != source {
                return Err(part_not_found());
            }
            conversation.source.redacted = true;
            Ok(((), Told::Topic("conversation_part.redacted")))
        })
    }

    /// Redacts a part of a conversation.
    ///
    /// # Errors
    /// 404 for a conversation that cannot be read or a part that does not exist.
    pub fn redact_conversation_part(&self, id: &str, part: &str) -> Result<(), ApiError> {
        self.change_conversation(id, |conversation, now| {
            let index = CONVERSATION_PARTS.decode_part(conversation.number, part);
            let index = index.filter(|index| *index < conversation.thread.len());
            let index = index.ok_or_else(part_not_found)?;
            conversation.thread.redacted.insert(index, now);
            Ok(((), Told::Redaction(index)))
        })
    }

    /// Deletes a conversation for good; it still counts in reports.
    ///
    /// # Errors
    /// 404 for a conversation that cannot be read.
    pub fn delete_conversation(&self, id: &str) -> Result<(), ApiError> {
        self.remove_conversation(id, true)
    }

    /// Deletes a conversation for good, with its place in reports or without.
    pub(crate) fn remove_conversation(
        &self,
        id: &str,
        metrics_retained: bool,
    ) -> Result<(), ApiError> {
        self.change_conversation(id, |conversation, now| {
            conversation.deletion = Some(Deletion {
                at: now,
                metrics_retained,
            });
            Ok(((), Told::Topic("conversation.deleted")))
        })
    }

    /// Changes a conversation in a way of which no part tells, but this topic.
    pub(crate) fn alter_conversation(
        &self,
        id: &str,
        topic: &'static str,
        edit: impl FnOnce(&mut Conversation, i64) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        self.change_conversation(id, |conversation, now| {
            edit(conversation, now)?;
            Ok(((), Told::Topic(topic)))
        })
    }

    /// Adds a conversation.
    pub(crate) fn insert_conversation(&self, conversation: Conversation) {
        let topic = match conversation.source.author {
            Author::Contact(_) => "conversation.user.created",
            _ => "conversation.admin.single.created",
        };
        let mut state = self.write();
        let milliseconds = self.clock.milliseconds();
        state.conversations.put(conversation.clone(), milliseconds);
        self.tell(&state, topic, Subject::conversation(&conversation));
    }

    /// Changes one conversation under the lock, moves its time of change, and tells of it.
    pub(crate) fn change_conversation<T>(
        &self,
        id: &str,
        act: impl FnOnce(&mut Conversation, i64) -> Result<(T, Told), ApiError>,
    ) -> Result<T, ApiError> {
        let mut state = self.write();
        let milliseconds = self.clock.milliseconds();
        let now = milliseconds.div_euclid(1_000);
        let before = live(&state, id)?;
        let mut conversation = before.clone();
        let (done, told) = act(&mut conversation, now)?;
        conversation.updated_at = now;
        state.conversations.put(conversation.clone(), milliseconds);
        let subject = Subject::conversation(&conversation);
        match told {
            Told::Part(index) => {
                self.tell_of_conversation_part(&state, &before, &conversation, index);
            }
            Told::Redaction(index) => {
                let part = Some(index);
                let subject = Subject { part, ..subject };
                self.tell(&state, "conversation_part.redacted", subject);
            }
            Told::Topic(topic) => self.tell(&state, topic, subject),
            Told::Contact(topic, number) => {
                let contact = state.contacts.current().contact(number);
                let contact = contact.as_deref();
                self.tell(&state, topic, Subject { contact, ..subject });
            }
            Told::Tag(id) => {
                // Whoever tags a conversation tags the last that was said in it.
                let part = conversation.thread.len().checked_sub(1);
                let tag = Some(id);
                let subject = Subject {
                    part,
                    tag,
                    ..subject
                };
                self.tell(&state, "conversation_part.tag.created", subject);
            }
            Told::Nothing => {}
        }
        Ok(done)
    }
}

/// What is told of a change.
pub(crate) enum Told {
    /// Nobody is told.
    Nothing,
    /// The part with this index is new.
    Part(u64),
    /// The part with this index was redacted.
    Redaction(u64),
    /// Only what happened is told of, under this topic.
    Topic(&'static str),
    /// It was given the tag with this id.
    Tag(u64),
    /// The contact with this number came or went, as the topic says.
    Contact(&'static str, u64),
}

/// 404 for a part.
pub(crate) fn part_not_found() -> ApiError {
    ApiError::new(
        404,
        "conversation_part_or_message_not_found",
        "Conversation part or message not found",
    )
}

fn live(state: &State, id: &str) -> Result<Conversation, ApiError> {
    let number = CONVERSATIONS.decode(id);
    let conversation = number.and_then(|number| state.conversations.current().live(number));
    let conversation = conversation.ok_or_else(ApiError::resource_not_found)?;
    Ok(Conversation::clone(&conversation))
}

impl Conversation {
    /// Adds a part, which does to the conversation what such a part does; gives the part's index.
    ///
    /// # Errors
    /// 400 when the conversation is full.
    pub(crate) fn add(&mut self, part: Part) -> Result<u64, ApiError> {
        let index = self.thread.len();
        if index >= MOST_PARTS {
            return Err(ApiError::parameter_invalid("The conversation is full"));
        }
        self.happen(&part);
        self.thread.added.push(part);
        Ok(index)
    }

    /// What a part does to the conversation that it is added to.
    fn happen(&mut self, part: &Part) {
        let Step { kind, author, at } = part.step;
        let from_contact = matches!(author, Author::Contact(_));
        match kind {
            PartKind::Close => (self.state, self.waiting_since) = (ConversationState::Closed, None),
            PartKind::Snoozed => {
                self.state = ConversationState::Snoozed;
                self.snoozed_until = Some(at.saturating_add(SNOOZE));
            }
            PartKind::Open | PartKind::AssignAndReopen => self.state = ConversationState::Open,
            _ if kind.replies() && from_contact => self.state = ConversationState::Open,
            _ => {}
        }
        if self.state != ConversationState::Snoozed {
            self.snoozed_until = None;
        }
        let answers = kind.replies() && (kind != PartKind::Open || part.body.is_some());
        if answers && from_contact {
            self.waiting_since.get_or_insert(at);
            self.read = false;
        } else if answers {
            self.waiting_since = None;
            self.read = true;
        }
        match part.assigned_to {
            Some(Assignee::Admin(index)) => self.admin_assignee = Some(index),
            Some(Assignee::Team(index)) => self.team_assignee = Some(index),
            Some(Assignee::Nobody) => (self.admin_assignee, self.team_assignee) = (None, None),
            None => {}
        }
    }
}
