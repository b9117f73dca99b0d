//! One change to a conversation or a ticket, as the control door takes it.

use serde::Deserialize;

use super::conversation_changes::NewPart;
use super::errors::ApiError;
use super::workspace::Workspace;

/// One change to a conversation or a ticket, by ids.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeskChange {
    /// A conversation gets a part.
    ConversationPart {
        /// Id of the conversation.
        conversation: String,
        /// The part.
        part: NewPart,
    },
    /// A part of a conversation is redacted.
    RedactConversationPart {
        /// Id of the conversation.
        conversation: String,
        /// Id of the part.
        part: String,
    },
    /// A conversation is closed.
    CloseConversation {
        /// Id of the conversation.
        conversation: String,
    },
    /// A conversation is deleted.
    DeleteConversation {
        /// Id of the conversation.
        conversation: String,
    },
    /// A ticket gets a part.
    TicketPart {
        /// Id of the ticket.
        ticket: String,
        /// The part.
        part: NewPart,
    },
    /// A part of a ticket is redacted.
    RedactTicketPart {
        /// Id of the ticket.
        ticket: String,
        /// Id of the part.
        part: String,
    },
    /// A ticket is resolved.
    ResolveTicket {
        /// Id of the ticket.
        ticket: String,
    },
    /// A ticket is deleted.
    DeleteTicket {
        /// Id of the ticket.
        ticket: String,
    },
}

impl Workspace {
    /// Makes a change; gives the id of the part that was added, where one was.
    ///
    /// # Errors
    /// 404 for what is not there, 400 for what is not valid.
    pub fn change_desk(&self, change: &DeskChange) -> Result<Option<String>, ApiError> {
        match change {
            DeskChange::ConversationPart { conversation, part } => {
                self.add_conversation_part(conversation, part).map(Some)
            }
            DeskChange::RedactConversationPart { conversation, part } => {
                self.redact_conversation_part(conversation, part)?;
                Ok(None)
            }
            DeskChange::CloseConversation { conversation } => {
                self.close_conversation(conversation).map(Some)
            }
            DeskChange::DeleteConversation { conversation } => {
                self.delete_conversation(conversation)?;
                Ok(None)
            }
            DeskChange::TicketPart { ticket, part } => self.add_ticket_part(ticket, part).map(Some),
            DeskChange::RedactTicketPart { ticket, part } => {
                self.redact_ticket_part(ticket, part)?;
                Ok(None)
            }
            DeskChange::ResolveTicket { ticket } => self.resolve_ticket(ticket).map(Some),
            DeskChange::DeleteTicket { ticket } => {
                self.delete_ticket(ticket)?;
                Ok(None)
            }
        }
    }
}
