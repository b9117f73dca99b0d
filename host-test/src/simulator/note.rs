//! A note about a contact or a company. The id of a generated note leads back to what it is about, so that no table of
//! them is needed.

use std::borrow::Cow;

use super::generate::Dice;
use super::generator::Generator;

/// A note.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) id: u64,
    pub(crate) created_at: i64,
    pub(crate) body: Cow<'static, str>,
    /// The index of the teammate who wrote it.
    pub(crate) author: u64,
}

/// What a note is about, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Contact(u64),
    Company(u64),
}

/// The generated notes of one object have ids in a row of so many.
const ROOM: u64 = 256;

impl Subject {
    /// What the generated note with this id is about, if there is one.
    pub(crate) fn of_note(id: u64) -> Option<Subject> {
        let row = id.checked_sub(1)? / ROOM;
        Some(if row.is_multiple_of(2) {
            Subject::Contact(row / 2)
        } else {
            Subject::Company(row / 2)
        })
    }

    fn first_note(self) -> u64 {
        let row = match self {
            Subject::Contact(number) => number.saturating_mul(2),
            Subject::Company(number) => number.saturating_mul(2).saturating_add(1),
        };
        row.saturating_mul(ROOM).saturating_add(1)
    }
}

impl Generator {
    /// The generated notes about a contact or a company that was created then, newest first.
    pub(crate) fn notes_about(&self, subject: Subject, dice: Dice, created_at: i64) -> Vec<Note> {
        let count = dice.length(80, self.notes).min(ROOM);
        let notes = (0..count).rev().map(|index| Note {
            id: subject.first_note().saturating_add(index),
            created_at: created_at.saturating_add_unsigned(index),
            body: Cow::Borrowed("<p>This is a note.</p>"),
            author: 0,
        });
        notes.collect()
    }

    /// The first id that no generated note has.
    pub(crate) fn first_free_note(&self) -> u64 {
        Subject::Contact(self.contacts.max(self.companies)).first_note()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::options::Options;

    #[test]
    fn an_id_leads_back_to_what_its_note_is_about() {
        let generator = Generator::new(&Options {
            contacts: 300,
            companies: 300,
            ..Options::default()
        });
        let mut ids = std::collections::BTreeSet::new();
        for number in 0..300 {
            for subject in [Subject::Contact(number), Subject::Company(number)] {
                for note in generator.notes_about(subject, Dice::new(1, 1, number), 0) {
                    assert_eq!(Subject::of_note(note.id), Some(subject));
                    assert!(note.id < generator.first_free_note());
                    assert!(ids.insert(note.id));
                }
            }
        }
        assert!(ids.len() > 300);
        assert_eq!(Subject::of_note(0), None);
    }
}
