//! How much hangs on everybody: what a reader has to come to in the end.

use serde::Serialize;
use std::ops::Add;

use super::generator::Generator;
use super::workspace::Workspace;

/// How many links of each kind the contacts and companies have that lists show. All of it is counted anew by every call:
/// a workspace with a million contacts takes seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LinkCounts {
    /// Pairs of a contact and a tag.
    pub contact_tags: usize,
    /// Pairs of a contact and a company.
    pub contact_companies: usize,
    /// Notes about contacts.
    pub contact_notes: usize,
    /// Pairs of a contact and a segment.
    pub contact_segments: usize,
    /// Pairs of a contact and a subscription type of which it is not in the default state.
    pub contact_subscriptions: usize,
    /// Events that can be listed.
    pub contact_events: usize,
    /// Pairs of a company and a segment.
    pub company_segments: usize,
    /// Notes about companies.
    pub company_notes: usize,
}

impl Add for LinkCounts {
    type Output = LinkCounts;

    fn add(self, other: LinkCounts) -> LinkCounts {
        LinkCounts {
            contact_tags: self.contact_tags + other.contact_tags,
            contact_companies: self.contact_companies + other.contact_companies,
            contact_notes: self.contact_notes + other.contact_notes,
            contact_segments: self.contact_segments + other.contact_segments,
            contact_subscriptions: self.contact_subscriptions + other.contact_subscriptions,
            contact_events: self.contact_events + other.contact_events,
            company_segments: self.company_segments + other.company_segments,
            company_notes: self.company_notes + other.company_notes,
        }
    }
}

impl Workspace {
    /// How much hangs on the contacts and companies that lists show.
    pub fn link_counts(&self) -> LinkCounts {
        let state = self.read();
        let horizon = self.event_horizon();
        let view = state.contacts.current();
        let of_contacts = view.numbers().filter_map(|number| {
            let contact = view.live(number)?;
            let events = state.events.of(&self.generator, number);
            let segments = 0..self.generator.segments;
            Some(LinkCounts {
                contact_tags: contact.tags.len(),
                contact_companies: contact.companies.len(),
                contact_notes: contact.notes.len(),
                contact_segments: segments
                    .filter(|segment| Generator::in_segment(number, *segment))
                    .count(),
                contact_subscriptions: contact.subscriptions.len(),
                contact_events: events.iter().filter(|event| event.at >= horizon).count(),
                ..LinkCounts::default()
            })
        });
        let visible = state.companies.visible(0, u64::MAX);
        let of_companies = visible.filter_map(|number| {
            let company = state.companies.company(number)?;
            Some(LinkCounts {
                company_segments: company.segments.len(),
                company_notes: company.notes.len(),
                ..LinkCounts::default()
            })
        });
        of_contacts
            .chain(of_companies)
            .fold(LinkCounts::default(), Add::add)
    }
}
