//! What happens in a workspace without a request: the control door makes it happen, and whoever is subscribed is told.

use serde::Deserialize;
use serde_json::{Value, json};

use super::contact_links;
use super::conversation::Rating;
use super::conversation_changes::NewPart;
use super::errors::ApiError;
use super::part::Author;
use super::teammates::Away;
use super::topics::{self, Subject};
use super::workspace::Workspace;

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "happening", rename_all = "snake_case", deny_unknown_fields)]
pub enum Happening {
    /// A teammate comes into the workspace.
    AdminAdded,
    /// A teammate leaves the workspace.
    AdminRemoved {
        /// Id of the teammate.
        admin: String,
    },
    /// A teammate goes away, or is back.
    AdminAway {
        /// Id of the teammate.
        admin: String,
        /// Whether it is away.
        away: bool,
        /// Whether new conversations go to others meanwhile.
        #[serde(default)]
        reassign: bool,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
    /// A teammate logs in.
    AdminLoggedIn {
        /// Id of the teammate.
        admin: String,
    },
    /// A teammate logs out.
    AdminLoggedOut {
        /// Id of the teammate.
        admin: String,
    },
    /// An article is published, or taken back.
    ArticlePublished {
        /// Id of the article.
        article: String,
        /// Whether everybody can see it now.
        published: bool,
    },
    /// A visitor becomes a user.
    VisitorSignedUp {
        /// The fields of the contact.
        contact: Value,
    },
    /// Somebody does something with a message that was sent to many.
    ContentStat {
        /// What kind of message it was: `email`, `series`, …
        content: String,
        /// What was done: `receipt`, `click`, …
        stat: String,
        /// Id of the contact.
        contact: String,
        /// Id of the company that made the contact one of those who got it.
        #[serde(default)]
        company: Option<String>,
    },
    /// A job comes to its end.
    JobCompleted {
        /// Id of the job.
        job: String,
        /// Id of the ticket that it made; it failed when there is none.
        #[serde(default)]
        ticket: Option<String>,
    },
    /// The AI agent answers in a conversation.
    AgentReplied {
        /// Id of the conversation.
        conversation: String,
        /// Its text, as HTML.
        body: String,
    },
    /// A contact reads a conversation.
    ConversationRead {
        /// Id of the conversation.
        conversation: String,
    },
    /// A contact says what it thinks of a conversation.
    ConversationRated {
        /// Id of the conversation.
        conversation: String,
        /// From 1 to 5.
        rating: u64,
    },
    /// A conversation gets another priority.
    ConversationPriority {
        /// Id of the conversation.
        conversation: String,
        /// `none`, `low`, `medium`, `high` or `urgent`.
        priority: String,
    },
    /// A contact says what it thinks of a ticket, which the API shows nowhere.
    TicketRated {
        /// Id of the ticket.
        ticket: String,
    },
    /// A contact comes to those of a ticket, or goes, for which the API has no request.
    TicketContact {
        /// Id of the ticket.
        ticket: String,
        /// Id of the contact.
        contact: String,
        /// Whether it comes.
        attached: bool,
    },
    /// Somebody tries whether the webhooks come through.
    Ping,
}

impl Workspace {
    /// Makes something happen; gives the id of what came into being, where something did.
    ///
    /// # Errors
    /// 404 for what is not there, 400 for what is not valid.
    pub fn happen(&self, happening: &Happening) -> Result<Option<String>, ApiError> {
        match happening {
            Happening::AdminAdded => return Ok(Some(self.add_admin())),
            Happening::AdminRemoved { admin } => self.remove_admin(admin)?,
            Happening::AdminAway {
                admin,
                away,
                reassign,
                reason,
            } => {
                let away = Away {
                    enabled: *away,
                    reassign: *reassign,
                    reason: reason.clone(),
                };
                self.set_away(admin, away)?;
            }
            Happening::AdminLoggedIn { admin } => {
                self.tell_of_session(admin, "admin.logged_in")?;
            }
            Happening::AdminLoggedOut { admin } => {
                self.tell_of_session(admin, "admin.logged_out")?;
            }
            Happening::ArticlePublished { article, published } => {
                self.publish_article(article, *published)?;
            }
            Happening::VisitorSignedUp { contact } => {
                let mut fields = contact.clone();
                if fields.get("signed_up_at").is_none() && fields.is_object() {
                    fields["signed_up_at"] = json!(self.now());
                }
                let contact = self.insert_contact_as(&fields, Some("visitor.signed_up"))?;
                return Ok(Some(contact.id(self.options.seed)));
            }
            Happening::ContentStat {
                content,
                stat,
                contact,
                company,
            } => {
                let topic = format!("content_stat.{content}");
                if topics::find(&topic).is_none() {
                    let message = format!("{content} is not a kind of message");
                    return Err(ApiError::parameter_invalid(message));
                }
                let contact = self.contact_number(contact)?;
                let company = company.as_deref().map(|id| self.company_number(id));
                let facts = json!({
                    "id": self.next_mutation(),
                    "content": content,
                    "content_id": 1,
                    "stat": stat,
                });
                let company = company.transpose()?;
                let state = self.read();
                let contact = self.live(&state, contact)?;
                let company = company.and_then(|number| state.companies.company(number));
                let subject = Subject {
                    facts: Some(&facts),
                    company: company.as_deref(),
                    ..Subject::contact(&contact)
                };
                self.tell(&state, &topic, subject);
            }
            Happening::JobCompleted { job, ticket } => {
                let facts = json!({"id": job, "resource_id": ticket});
                let subject = Subject {
                    facts: Some(&facts),
                    ..Subject::default()
                };
                self.tell(&self.read(), "job.completed", subject);
            }
            Happening::AgentReplied { conversation, body } => {
                let part = NewPart::comment(body);
                let id = self.add_part_of(conversation, &part, Some(Author::AiAgent))?;
                return Ok(Some(id));
            }
            Happening::ConversationRead { conversation } => {
                self.alter_conversation(conversation, "conversation.read", |conversation, _| {
                    conversation.read = true;
                    Ok(())
                })?;
            }
            Happening::ConversationRated {
                conversation,
                rating,
            } => {
                let topic = "conversation.rating.added";
                self.alter_conversation(conversation, topic, |conversation, now| {
                    if !(1..=5).contains(rating) {
                        return Err(ApiError::parameter_invalid("rating must be from 1 to 5"));
                    }
                    conversation.rating = Some(Rating {
                        rating: Some(*rating),
                        remark: "",
                        created_at: now,
                        admin: conversation.admin_assignee.unwrap_or(0),
                    });
                    Ok(())
                })?;
            }
            Happening::ConversationPriority {
                conversation,
                priority,
            } => {
                let topic = "conversation.priority.updated";
                self.alter_conversation(conversation, topic, |conversation, _| {
                    conversation.set_priority(priority)
                })?;
            }
            Happening::TicketRated { ticket } => {
                let state = self.read();
                let ticket = state.live_ticket(ticket)?;
                self.tell(&state, "ticket.rating.provided", Subject::ticket(&ticket));
            }
            Happening::TicketContact {
                ticket,
                contact,
                attached,
            } => {
                let number = self.contact_number(contact)?;
                self.live(&self.read(), number)?;
                self.change_ticket(ticket, |ticket, _| {
                    contact_links::set(&mut ticket.contacts, number, *attached);
                    Ok(((), Vec::new()))
                })?;
                let topic = if *attached {
                    "ticket.contact.attached"
                } else {
                    "ticket.contact.detached"
                };
                let state = self.read();
                let (ticket, contact) = (state.live_ticket(ticket)?, self.live(&state, number)?);
                let subject = Subject {
                    contact: Some(&contact),
                    ..Subject::ticket(&ticket)
                };
                self.tell(&state, topic, subject);
            }
            Happening::Ping => self.tell(&self.read(), "ping", Subject::default()),
        }
        Ok(None)
    }
}
