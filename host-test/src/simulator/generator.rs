//! The generated workspace: which contacts and companies exist, when they changed and who belongs to whom, all by
//! arithmetic. Nothing here has state; a million contacts cost no memory.

use super::generate::SPAN;
use super::options::Options;
use super::timeline::Timeline;

/// Salts that keep the dice of different kinds of objects apart.
pub(crate) const CONTACT_DICE: u64 = 1;
pub(crate) const COMPANY_DICE: u64 = 2;
pub(crate) const CONVERSATION_DICE: u64 = 20;
pub(crate) const CONVERSATION_PART_DICE: u64 = 21;
pub(crate) const TICKET_DICE: u64 = 22;
pub(crate) const TICKET_PART_DICE: u64 = 23;

/// Ids of the generated tags count up from here.
pub(crate) const FIRST_TAG_ID: u64 = 101;
/// Ids of teammates count up from here.
pub(crate) const FIRST_ADMIN_ID: i64 = 991_267_390;

/// How many companies beside its first a contact has at most.
const MOST_FURTHER_COMPANIES: u64 = 60;

/// The generated workspace.
#[derive(Clone, Debug)]
pub(crate) struct Generator {
    pub(crate) seed: u64,
    pub(crate) contacts: u64,
    pub(crate) companies: u64,
    pub(crate) admins: u64,
    pub(crate) tags: u64,
    pub(crate) segments: u64,
    pub(crate) teams: u64,
    pub(crate) conversations: u64,
    pub(crate) conversation_parts: u64,
    pub(crate) largest_conversation: u64,
    pub(crate) tickets: u64,
    pub(crate) subscription_types: u64,
    /// How many notes an object usually has at most.
    pub(crate) notes: u64,
    /// How many events a contact usually has at most.
    pub(crate) events: u64,
    pub(crate) epoch: i64,
}

impl Generator {
    pub(crate) fn new(options: &Options) -> Generator {
        Generator {
            seed: options.seed,
            contacts: options.contacts,
            companies: options.companies,
            admins: u64::from(options.admins.max(1)),
            tags: u64::from(options.tags),
            segments: u64::from(options.segments),
            teams: u64::from(options.teams),
            conversations: options.conversations,
            conversation_parts: options.conversation_parts,
            largest_conversation: options.largest_conversation,
            tickets: options.tickets,
            subscription_types: u64::from(options.subscription_types),
            notes: u64::from(options.notes_per_contact),
            events: u64::from(options.events_per_contact),
            epoch: options.epoch,
        }
    }

    /// When the generated objects of a kind changed; `dice` keeps the kinds apart.
    pub(crate) fn timeline(&self, dice: u64, count: u64) -> Timeline {
        Timeline {
            seed: self.seed,
            dice,
            count,
            epoch: self.epoch,
        }
    }

    /// When contact `number` last changed.
    pub(crate) fn updated_at(&self, number: u64) -> i64 {
        self.timeline(CONTACT_DICE, self.contacts).at(number)
    }

    /// Numbers of the companies of contact `number`.
    pub(crate) fn companies_of(&self, number: u64) -> Vec<u64> {
        let companies = self.companies;
        if companies == 0 {
            return Vec::new();
        }
        if companies > self.contacts {
            // More companies than contacts: every company still has one, else it would be invisible.
            let step = usize::try_from(self.contacts.max(1)).unwrap_or(usize::MAX);
            return (number..companies).step_by(step).collect();
        }
        let first = number % companies;
        if self.is_unemployed(number) {
            return Vec::new();
        }
        (0..=self.further_companies(first))
            .map(|step| (first + step) % companies)
            .collect()
    }

    /// How many contacts company `number` has; never zero, since such a company would be invisible.
    pub(crate) fn user_count(&self, number: u64) -> i64 {
        if self.companies == 0 || self.companies > self.contacts {
            return 1;
        }
        let employed: u64 = self
            .leading_to(number)
            .map(|first| self.employed(first))
            .sum();
        i64::try_from(employed).unwrap_or(i64::MAX)
    }

    /// Numbers of the generated contacts that may belong to company `number`; no other does.
    pub(crate) fn contacts_of(&self, number: u64) -> impl Iterator<Item = u64> + use<> {
        let contacts = self.contacts;
        let stride = usize::try_from(self.companies.max(1)).unwrap_or(usize::MAX);
        let firsts: Vec<u64> = if self.companies > contacts {
            number.checked_rem(contacts).into_iter().collect()
        } else {
            self.leading_to(number).collect()
        };
        firsts
            .into_iter()
            .flat_map(move |first| (first..contacts).step_by(stride))
    }

    /// Numbers of the companies whose contacts belong to company `number`: itself, and well-connected ones before it.
    fn leading_to(&self, number: u64) -> impl Iterator<Item = u64> + '_ {
        let companies = self.companies.max(1);
        (0..=MOST_FURTHER_COMPANIES.min(companies - 1))
            .map(move |step| (step, (number + companies - step) % companies))
            .filter(|(step, first)| *step <= self.further_companies(*first))
            .map(|(_, first)| first)
    }

    /// How many companies after `first` those contacts have whose first company it is: mostly none, sometimes more than
    /// are shown inside a contact, rarely more than a page has.
    fn further_companies(&self, first: u64) -> u64 {
        let further = match first % 100 {
            7 | 57 => 11,
            31 => MOST_FURTHER_COMPANIES,
            _ => 0,
        };
        further.min(self.companies.saturating_sub(1))
    }

    /// How many contacts have company `first` as their first.
    fn employed(&self, first: u64) -> u64 {
        let rows = self
            .contacts
            .saturating_sub(first)
            .div_ceil(self.companies.max(1));
        rows - rows / 5
    }

    fn is_unemployed(&self, number: u64) -> bool {
        (number / self.companies.max(1)) % 5 == 4
    }

    /// Whether contact `number` belongs to segment number `segment`.
    pub(crate) fn in_segment(number: u64, segment: u64) -> bool {
        number.is_multiple_of(segment + 2)
    }

    /// Numbers of the segments that company `number` belongs to.
    pub(crate) fn segments_of_company(&self, number: u64) -> Vec<u64> {
        let segments = 0..self.segments;
        segments
            .filter(|segment| (number + segment).is_multiple_of(7))
            .collect()
    }

    /// When a contact of company `number` last made a request: never later for a greater number, since lists are in this
    /// order, and never for three companies in ten.
    pub(crate) fn last_request_at(&self, number: u64) -> Option<i64> {
        let asking = i128::from(self.companies) * 7 / 10;
        let number = i128::from(number);
        let age = (number < asking).then(|| number * i128::from(SPAN) / asking)?;
        Some(self.epoch - 1 - i64::try_from(age).unwrap_or(SPAN))
    }

    /// How many generated contacts belong to segment number `segment`.
    pub(crate) fn segment_count(&self, segment: u64) -> u64 {
        self.contacts.div_ceil(segment + 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generator(contacts: u64, companies: u64) -> Generator {
        Generator::new(&Options {
            contacts,
            companies,
            ..Options::default()
        })
    }

    #[test]
    fn both_sides_of_a_membership_agree() {
        for (contacts, companies) in [(997, 60), (997, 200), (10, 25), (100, 3), (50, 50)] {
            let generator = generator(contacts, companies);
            let mut counted = vec![0; companies as usize];
            for number in 0..contacts {
                for company in generator.companies_of(number) {
                    counted[company as usize] += 1;
                }
            }
            for company in 0..companies {
                let members = generator.contacts_of(company);
                let members =
                    members.filter(|contact| generator.companies_of(*contact).contains(&company));
                assert_eq!(members.count(), counted[company as usize] as usize);
            }
            let stated: Vec<i64> = (0..companies)
                .map(|number| generator.user_count(number))
                .collect();
            assert_eq!(
                counted, stated,
                "{contacts} contacts, {companies} companies"
            );
            assert!(stated.iter().all(|count| *count > 0));
        }
    }

    #[test]
    fn some_contacts_have_more_companies_than_a_list_shows() {
        let generator = generator(1_000, 100);
        assert_eq!(generator.companies_of(7).len(), 12);
        assert_eq!(generator.companies_of(31).len(), 61);
    }
}
