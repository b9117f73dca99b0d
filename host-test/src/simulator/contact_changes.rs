//! Changes to contacts, by the API or by a test: what is valid, what becomes of the contact, who is notified.

use std::borrow::Borrow;
use std::cmp::Reverse;

use serde_json::{Map, Value, json};

use super::contact::{Contact, Role, Standing};
use super::contact_body::Rendering;
use super::errors::ApiError;
use super::identifiers::{self, Kind};
use super::moment::TimeStyle;
use super::version::ApiVersion;
use super::workspace::{State, Workspace};

/// A notification to send once the state is unlocked.
pub(crate) type Notice = Option<(&'static str, Value)>;

impl Workspace {
    /// Creates a contact as `POST /contacts` does and returns its id.
    ///
    /// # Errors
    /// 400 for fields that are not valid, 409 when the contact exists.
    pub fn create_contact(&self, fields: impl Borrow<Value>) -> Result<String, ApiError> {
        self.insert_contact(fields.borrow())
            .map(|contact| contact.id(self.options.seed))
    }

    /// Changes a contact as `PUT /contacts/{id}` does: `updated_at` becomes now, also for an empty patch.
    ///
    /// # Errors
    /// 404 for a contact that cannot be read, 400 for fields that are not valid, 409 for another contact's key.
    pub fn touch_contact(&self, id: &str, patch: impl Borrow<Value>) -> Result<(), ApiError> {
        self.update_contact(self.contact_number(id)?, patch.borrow())
            .map(drop)
    }

    /// Archives a contact.
    ///
    /// # Errors
    /// 404 for a contact that cannot be read.
    pub fn archive_contact(&self, id: &str) -> Result<(), ApiError> {
        self.set_standing(self.contact_number(id)?, Standing::Archived)
            .map(drop)
    }

    /// Brings an archived contact back.
    ///
    /// # Errors
    /// 404 for a contact that is neither archived nor readable.
    pub fn unarchive_contact(&self, id: &str) -> Result<(), ApiError> {
        self.set_standing(self.contact_number(id)?, Standing::Live)
            .map(drop)
    }

    /// Deletes a contact for good.
    ///
    /// # Errors
    /// 404 for a contact that cannot be read.
    pub fn delete_contact(&self, id: &str) -> Result<(), ApiError> {
        self.set_standing(self.contact_number(id)?, Standing::Deleted)
            .map(drop)
    }

    /// Merges contact `from` into contact `into`, whatever their roles.
    ///
    /// # Errors
    /// 404 when one of them cannot be read, 400 when they are the same.
    pub fn merge(&self, from: &str, into: &str) -> Result<(), ApiError> {
        self.merge_numbers(self.contact_number(from)?, self.contact_number(into)?)
            .map(drop)
    }

    /// The number that a contact's id leads to.
    pub(crate) fn contact_number(&self, id: &str) -> Result<u64, ApiError> {
        identifiers::decode(self.options.seed, Kind::Contact, id)
            .ok_or_else(ApiError::contact_not_found)
    }

    pub(crate) fn insert_contact(&self, fields: &Value) -> Result<Contact, ApiError> {
        let fields = object(fields)?;
        self.change(|state, now| {
            let mut contact = Contact::blank(0, Role::User, now);
            self.apply(state, &mut contact, fields)?;
            let is_set =
                |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
            if contact.role == Role::User
                && !is_set(&contact.email)
                && !is_set(&contact.external_id)
            {
                return Err(ApiError::parameter_not_found(
                    "A contact needs an email, an external_id or the role lead",
                ));
            }
            self.refuse_duplicates(state, &contact, None)?;
            contact.number = state.contacts.next_number();
            let topic = match contact.role {
                Role::User => "contact.user.created",
                Role::Lead => "contact.lead.created",
            };
            Ok((contact, Some(topic)))
        })
    }

    pub(crate) fn update_contact(&self, number: u64, patch: &Value) -> Result<Contact, ApiError> {
        let patch = object(patch)?;
        self.change(|state, now| {
            let mut contact = self.live(state, number)?;
            let before = (
                contact.email.clone(),
                contact.external_id.clone(),
                contact.role,
            );
            self.apply(state, &mut contact, patch)?;
            if before
                != (
                    contact.email.clone(),
                    contact.external_id.clone(),
                    contact.role,
                )
            {
                self.refuse_duplicates(state, &contact, Some(number))?;
            }
            contact.updated_at = now;
            Ok((contact.clone(), Some(updated_topic(&contact))))
        })
    }

    /// Archives, brings back or deletes.
    pub(crate) fn set_standing(
        &self,
        number: u64,
        standing: Standing,
    ) -> Result<Contact, ApiError> {
        self.change(|state, now| {
            let contact = state.contacts.current().contact(number);
            let reachable =
                |contact: &Contact| matches!(contact.standing, Standing::Live | Standing::Archived);
            let contact = contact.filter(|contact| reachable(contact));
            let mut contact = Contact::clone(&*contact.ok_or_else(ApiError::contact_not_found)?);
            if contact.standing == standing {
                return Ok((contact, None));
            }
            contact.standing = standing;
            contact.updated_at = now;
            let topic = match standing {
                Standing::Live => "contact.unarchive",
                Standing::Archived => "contact.archived",
                Standing::Deleted | Standing::MergedInto(_) => "contact.deleted",
            };
            Ok((contact, Some(topic)))
        })
    }

    pub(crate) fn merge_numbers(&self, from: u64, into: u64) -> Result<Contact, ApiError> {
        if from == into {
            return Err(ApiError::parameter_invalid(
                "A contact cannot be merged into itself",
            ));
        }
        let (notice, contact) = {
            let mut state = self.write();
            let (milliseconds, now) = (self.clock.milliseconds(), self.now());
            let mut gone = self.live(&state, from)?;
            let mut contact = self.live(&state, into)?;
            join(&mut contact.tags, &gone.tags);
            join(&mut contact.companies, &gone.companies);
            join(&mut contact.subscriptions, &gone.subscriptions);
            contact.notes.append(&mut gone.notes);
            contact.notes.sort_by_key(|note| Reverse(note.created_at));
            contact.updated_at = now;
            gone.standing = Standing::MergedInto(into);
            gone.updated_at = now;
            let mut item = self.notified(&contact);
            if let Some(item) = &mut item {
                item["merged_from"] = json!({"type": "contact", "id": gone.id(self.options.seed)});
            }
            state.contacts.put(gone, milliseconds);
            state.contacts.put(contact.clone(), milliseconds);
            (item.map(|item| ("contact.merged", item)), contact)
        };
        self.notify(notice);
        Ok(contact)
    }

    /// Changes one contact under the lock; what `act` returns is stored and notified with the topic, if there is one.
    fn change(
        &self,
        act: impl FnOnce(&mut State, i64) -> Result<(Contact, Option<&'static str>), ApiError>,
    ) -> Result<Contact, ApiError> {
        let (notice, contact) = {
            let mut state = self.write();
            let milliseconds = self.clock.milliseconds();
            let (contact, topic) = act(&mut state, milliseconds.div_euclid(1_000))?;
            if topic.is_some() {
                state.contacts.put(contact.clone(), milliseconds);
            }
            let notice = topic.and_then(|topic| Some((topic, self.notified(&contact)?)));
            (notice, contact)
        };
        self.notify(notice);
        Ok(contact)
    }

    pub(crate) fn live(&self, state: &State, number: u64) -> Result<Contact, ApiError> {
        let contact = state.contacts.current().live(number);
        Ok(Contact::clone(
            &*contact.ok_or_else(ApiError::contact_not_found)?,
        ))
    }

    pub(crate) fn notify(&self, notice: Notice) {
        if let Some((topic, item)) = notice {
            let notification =
                self.webhooks
                    .notification(topic, item, self.now(), self.next_uuid());
            self.webhooks.send(notification);
        }
    }

    /// The contact as a notification shows it; nothing when there is nobody to notify.
    pub(crate) fn notified(&self, contact: &Contact) -> Option<Value> {
        if !self.webhooks.has_subscriber() {
            return None;
        }
        let id = contact.id(self.options.seed);
        match contact.standing {
            Standing::Archived => Some(json!({
                "id": id, "external_id": contact.external_id, "type": "contact", "archived": true,
            })),
            Standing::Deleted => Some(json!({"id": id, "type": "contact", "deleted": true})),
            Standing::Live | Standing::MergedInto(_) => {
                let version = ApiVersion::DEFAULT;
                let body = contact.body(Rendering {
                    times: TimeStyle::of_notification(version),
                    ..self.rendering(version)
                });
                serde_json::to_value(body).ok()
            }
        }
    }
}

/// Adds what is not there yet.
fn join(own: &mut Vec<u64>, others: &[u64]) {
    for other in others {
        if !own.contains(other) {
            own.push(*other);
        }
    }
}

pub(crate) fn updated_topic(contact: &Contact) -> &'static str {
    match contact.role {
        Role::User => "contact.user.updated",
        Role::Lead => "contact.lead.updated",
    }
}

fn object(fields: &Value) -> Result<&Map<String, Value>, ApiError> {
    fields
        .as_object()
        .ok_or_else(|| ApiError::bad_request("The body must be a JSON object"))
}
