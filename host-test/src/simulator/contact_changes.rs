//! Changes to contacts, by the API or by a test: what is valid, what becomes of the contact, who is notified.

use std::borrow::Borrow;
use std::cmp::Reverse;

use serde_json::{Map, Value};

use super::contact::{Contact, Role, Standing};
use super::errors::ApiError;
use super::identifiers::{self, Kind};
use super::topics::Subject;
use super::workspace::{State, Workspace};

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
        self.insert_contact_as(fields, None)
    }

    /// Creates a contact, and tells of it under this topic instead of the usual one.
    pub(crate) fn insert_contact_as(
        &self,
        fields: &Value,
        topic: Option<&str>,
    ) -> Result<Contact, ApiError> {
        let fields = object(fields)?;
        let mut state = self.write();
        let milliseconds = self.clock.milliseconds();
        let mut contact = Contact::blank(0, Role::User, milliseconds.div_euclid(1_000));
        self.apply(&state, &mut contact, fields)?;
        contact.check_keys()?;
        self.refuse_duplicates(&state, &contact, None)?;
        contact.number = state.contacts.next_number();
        state.contacts.put(contact.clone(), milliseconds);
        let usual = match contact.role {
            Role::User => "contact.user.created",
            Role::Lead => "contact.lead.created",
        };
        let subject = Subject::contact(&contact);
        self.tell(&state, topic.unwrap_or(usual), subject);
        Ok(contact)
    }

    pub(crate) fn update_contact(&self, number: u64, patch: &Value) -> Result<Contact, ApiError> {
        let patch = object(patch)?;
        let mut state = self.write();
        let milliseconds = self.clock.milliseconds();
        let before = self.live(&state, number)?;
        let mut contact = before.clone();
        self.apply(&state, &mut contact, patch)?;
        let keys = |contact: &Contact| {
            let keys = (contact.email.clone(), contact.external_id.clone());
            (keys, contact.role)
        };
        if keys(&before) != keys(&contact) {
            contact.check_keys()?;
            self.refuse_duplicates(&state, &contact, Some(number))?;
        }
        contact.updated_at = milliseconds.div_euclid(1_000);
        state.contacts.put(contact.clone(), milliseconds);
        self.tell_of_contact(&state, &before, &contact);
        Ok(contact)
    }

    /// Archives, brings back or deletes.
    pub(crate) fn set_standing(
        &self,
        number: u64,
        standing: Standing,
    ) -> Result<Contact, ApiError> {
        let mut state = self.write();
        let milliseconds = self.clock.milliseconds();
        let contact = state.contacts.current().contact(number);
        let reachable =
            |contact: &Contact| matches!(contact.standing, Standing::Live | Standing::Archived);
        let contact = contact.filter(|contact| reachable(contact));
        let mut contact = Contact::clone(&*contact.ok_or_else(ApiError::contact_not_found)?);
        if contact.standing == standing {
            return Ok(contact);
        }
        contact.standing = standing;
        contact.updated_at = milliseconds.div_euclid(1_000);
        state.contacts.put(contact.clone(), milliseconds);
        let topic = match standing {
            Standing::Live => "contact.unarchive",
            Standing::Archived | Standing::Blocked => "contact.archived",
            Standing::Deleted | Standing::MergedInto(_) => "contact.deleted",
        };
        self.tell(&state, topic, Subject::contact(&contact));
        Ok(contact)
    }

    pub(crate) fn merge_numbers(&self, from: u64, into: u64) -> Result<Contact, ApiError> {
        if from == into {
            return Err(ApiError::parameter_invalid(
                "A contact cannot be merged into itself",
            ));
        }
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
        state.contacts.put(gone.clone(), milliseconds);
        state.contacts.put(contact.clone(), milliseconds);
        let subject = Subject {
            merged: Some(&gone),
            ..Subject::contact(&contact)
        };
        self.tell(&state, "contact.merged", subject);
        Ok(contact)
    }

    pub(crate) fn live(&self, state: &State, number: u64) -> Result<Contact, ApiError> {
        let contact = state.contacts.current().live(number);
        Ok(Contact::clone(
            &*contact.ok_or_else(ApiError::contact_not_found)?,
        ))
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

fn object(fields: &Value) -> Result<&Map<String, Value>, ApiError> {
    fields
        .as_object()
        .ok_or_else(|| ApiError::bad_request("The body must be a JSON object"))
}
