//! The generated workspace: which contacts and companies exist, when they changed and who belongs to whom, all by
//! arithmetic. Nothing here has state; a million contacts cost no memory.

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

/// How many companies beside its first a contact of a well-connected company has.
const FURTHER_COMPANIES: u64 = 11;

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
            epoch: options.epoch,
        }
    }

    /// When the generated objects of a kind changed; `kind` is the salt of their dice.
    pub(crate) fn timeline(&self, kind: u64, count: u64) -> Timeline {
        Timeline {
            seed: self.seed,
            kind,
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
        let further = if is_well_connected(first) {
            FURTHER_COMPANIES.min(companies - 1)
        } else {
            0
        };
        (0..=further)
            .map(|step| (first + step) % companies)
            .collect()
    }

    /// How many contacts company `number` has; never zero, since such a company would be invisible.
    pub(crate) fn user_count(&self, number: u64) -> i64 {
        if self.companies == 0 || self.companies > self.contacts {
            return 1;
        }
        let further = FURTHER_COMPANIES.min(self.companies - 1);
        let through_others: u64 = (1..=further)
            .map(|step| (number + self.companies - step) % self.companies)
            .filter(|first| is_well_connected(*first))
            .map(|first| self.employed(first))
            .sum();
        i64::try_from(self.employed(number) + through_others).unwrap_or(i64::MAX)
    }

    /// Numbers of the generated contacts that may belong to company `number`; no other does.
    pub(crate) fn contacts_of(&self, number: u64) -> impl Iterator<Item = u64> + use<> {
        let companies = self.companies.max(1);
        let contacts = self.contacts;
        let turned = companies > contacts;
        let firsts = if turned {
            1
        } else {
            (FURTHER_COMPANIES + 1).min(companies)
        };
        (0..firsts).flat_map(move |step| {
            let first = if turned {
                number.checked_rem(contacts).unwrap_or(0)
            } else {
                (number + companies - step) % companies
            };
            let stride = usize::try_from(companies).unwrap_or(usize::MAX);
            (first..contacts).step_by(stride)
        })
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

    /// How many generated contacts belong to segment number `segment`.
    pub(crate) fn segment_count(&self, segment: u64) -> u64 {
        self.contacts.div_ceil(segment + 2)
    }
}

fn is_well_connected(company: u64) -> bool {
    company % 50 == 7
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
        for (contacts, companies) in [(997, 60), (10, 25), (100, 3), (50, 50)] {
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
        assert!(generator(1_000, 100).companies_of(7).len() > 10);
    }
}
