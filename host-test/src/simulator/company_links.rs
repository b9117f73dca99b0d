//! Changes of what hangs on a company: its contacts, tags, notes and segments.

use super::company::Company;
use super::company_changes::existing;
use super::contact_links::{Written, remove_note, set};
use super::errors::ApiError;
use super::links::Stamp;
use super::note::Note;
use super::topics::Subject;
use super::workspace::Workspace;

/// How many companies a contact can have.
const COMPANIES_OF_A_CONTACT: usize = 1_000;

impl Workspace {
    /// Attaches a company to a contact; again changes nothing.
    ///
    /// # Errors
    /// 404 when one of them cannot be read, 400 when the contact has too many.
    pub fn attach_company(&self, contact: &str, company: &str) -> Result<(), ApiError> {
        let contact = self.contact_number(contact)?;
        self.set_attached(contact, self.company_number(company)?, true, Stamp::Now)
            .map(drop)
    }

    /// Attaches a company to a contact, or detaches it. Doing it again changes nothing.
    pub(crate) fn set_attached(
        &self,
        contact: u64,
        company: u64,
        attached: bool,
        stamp: Stamp,
    ) -> Result<Company, ApiError> {
        let mut state = self.write();
        let milliseconds = self.clock.milliseconds();
        let mut contact = self.live(&state, contact)?;
        let mut company = existing(&state, company)?;
        if contact.companies.contains(&company.number) == attached {
            return Ok(company);
        }
        if attached && contact.companies.len() >= COMPANIES_OF_A_CONTACT {
            return Err(ApiError::new(
                400,
                "contact_company_limit_exceeded",
                "Contact has reached the maximum of 1000 company associations",
            ));
        }
        set(&mut contact.companies, company.number, attached);
        company.user_count += if attached { 1 } else { -1 };
        let now = milliseconds.div_euclid(1_000);
        stamp.apply(&mut contact.updated_at, now);
        stamp.apply(&mut company.updated_at, now);
        state.contacts.put(contact.clone(), milliseconds);
        state.companies.put(company.clone());
        if stamp == Stamp::Now {
            let topic = if attached {
                "company.contact.attached"
            } else {
                "company.contact.detached"
            };
            let subject = Subject {
                contact: Some(&contact),
                ..Subject::company(&company)
            };
            self.tell(&state, topic, subject);
        }
        Ok(company)
    }

    /// Adds a tag to a company, or takes it away. Doing it again changes nothing.
    pub(crate) fn tag_company(
        &self,
        number: u64,
        tag: u64,
        tagged: bool,
        stamp: Stamp,
    ) -> Result<(), ApiError> {
        self.relink_company(number, stamp, |company| set(&mut company.tags, tag, tagged))
    }

    /// Lets a company belong to a segment, or no longer. Doing it again changes nothing.
    pub(crate) fn set_segment(
        &self,
        number: u64,
        segment: u64,
        belongs: bool,
        stamp: Stamp,
    ) -> Result<(), ApiError> {
        self.relink_company(number, stamp, |company| {
            set(&mut company.segments, segment, belongs)
        })
    }

    /// Adds a note to a company.
    pub(crate) fn note_company(
        &self,
        number: u64,
        written: Written,
        stamp: Stamp,
    ) -> Result<Note, ApiError> {
        let note = self.new_note(written);
        let added = note.clone();
        self.relink_company(number, stamp, |company| {
            company.notes.insert(0, added);
            true
        })?;
        Ok(note)
    }

    /// Takes a note away from a company.
    pub(crate) fn remove_note_of_company(
        &self,
        number: u64,
        id: u64,
        stamp: Stamp,
    ) -> Result<(), ApiError> {
        self.relink_company(number, stamp, |company| remove_note(&mut company.notes, id))
    }

    /// Changes what hangs on a company; `edit` says whether it changed anything.
    fn relink_company(
        &self,
        number: u64,
        stamp: Stamp,
        edit: impl FnOnce(&mut Company) -> bool,
    ) -> Result<(), ApiError> {
        self.change_company(|state, now| {
            let mut company = existing(state, number)?;
            let topic = (edit(&mut company) && stamp == Stamp::Now).then_some("company.updated");
            if topic.is_some() {
                company.updated_at = now;
            }
            Ok((company, topic))
        })
        .map(drop)
    }
}
