//! Changes of what hangs on a contact: its tags, notes and subscriptions.

use std::borrow::Cow;
use std::sync::RwLockWriteGuard;

use super::contact::Contact;
use super::errors::ApiError;
use super::links::Stamp;
use super::note::Note;
use super::subscriptions::Consent;
use super::telling::tag_topic;
use super::topics::Subject;
use super::workspace::{State, Workspace};

/// The text of a note, and the index of the teammate who wrote it.
pub(crate) type Written = (Cow<'static, str>, u64);

impl Workspace {
    /// Adds a tag to a contact, or takes it away. Doing it again changes nothing.
    pub(crate) fn tag_contact(
        &self,
        number: u64,
        tag: u64,
        tagged: bool,
        stamp: Stamp,
    ) -> Result<(), ApiError> {
        let changed = self.relink(number, stamp, |contact| set(&mut contact.tags, tag, tagged))?;
        if let Some((state, contact)) = changed {
            let subject = Subject {
                tag: Some(tag),
                ..Subject::contact(&contact)
            };
            self.tell(&state, tag_topic(&contact, tagged), subject);
        }
        Ok(())
    }

    /// Brings a contact into the state of a subscription type that is not the default, or back.
    pub(crate) fn subscribe(
        &self,
        number: u64,
        subscription: u64,
        differs: bool,
        stamp: Stamp,
    ) -> Result<(), ApiError> {
        let changed = self.relink(number, stamp, |contact| {
            set(&mut contact.subscriptions, subscription, differs)
        })?;
        if let Some((state, contact)) = changed {
            // Whoever leaves the default state opts out of one that is on, or into one that is off.
            let topic = if differs == (Consent::of(subscription) == Consent::OptIn) {
                "granular.subscribe"
            } else {
                "granular.unsubscribe"
            };
            let subject = Subject {
                subscription: Some(subscription),
                ..Subject::contact(&contact)
            };
            self.tell(&state, topic, subject);
        }
        Ok(())
    }

    /// Adds a note to a contact.
    pub(crate) fn note_contact(
        &self,
        number: u64,
        written: Written,
        stamp: Stamp,
    ) -> Result<Note, ApiError> {
        let note = self.new_note(written);
        let added = note.clone();
        self.relink(number, stamp, |contact| {
            contact.notes.insert(0, added);
            true
        })?;
        Ok(note)
    }

    /// Takes a note away from a contact.
    pub(crate) fn remove_note_of_contact(
        &self,
        number: u64,
        id: u64,
        stamp: Stamp,
    ) -> Result<(), ApiError> {
        self.relink(number, stamp, |contact| remove_note(&mut contact.notes, id))
            .map(drop)
    }

    /// A note of now, with an id that no other has.
    pub(crate) fn new_note(&self, (body, author): Written) -> Note {
        let mut state = self.write();
        let id = state.next_note_id;
        state.next_note_id += 1;
        Note {
            id,
            created_at: self.now(),
            body,
            author,
        }
    }

    /// Changes what hangs on a contact; `edit` says whether it changed anything. Gives what there is more to tell of.
    fn relink(
        &self,
        number: u64,
        stamp: Stamp,
        edit: impl FnOnce(&mut Contact) -> bool,
    ) -> Result<Option<(RwLockWriteGuard<'_, State>, Contact)>, ApiError> {
        let mut state = self.write();
        let before = self.live(&state, number)?;
        let mut contact = before.clone();
        if !edit(&mut contact) {
            return Ok(None);
        }
        let milliseconds = self.clock.milliseconds();
        stamp.apply(&mut contact.updated_at, milliseconds.div_euclid(1_000));
        state.contacts.put(contact.clone(), milliseconds);
        if stamp == Stamp::Kept {
            return Ok(None);
        }
        self.tell_of_contact(&state, &before, &contact);
        Ok(Some((state, contact)))
    }
}

/// Adds to a list what is not there, or takes away what is there; says whether that changed anything.
pub(crate) fn set(list: &mut Vec<u64>, entry: u64, present: bool) -> bool {
    if list.contains(&entry) == present {
        return false;
    }
    list.retain(|other| *other != entry);
    if present {
        list.push(entry);
    }
    true
}

/// Takes a note away; says whether it was there.
pub(crate) fn remove_note(notes: &mut Vec<Note>, id: u64) -> bool {
    let before = notes.len();
    notes.retain(|note| note.id != id);
    notes.len() < before
}
