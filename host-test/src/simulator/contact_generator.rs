//! One generated contact, and the way back from its email or external id to its number.

use serde_json::{Map, Value};

use super::attribute_table::names;
use super::contact::{Contact, Location, LocationType, Role, Standing};
use super::generate::{
    BROWSERS, DOMAINS, Dice, FIRST_NAMES, LAST_NAMES, PLACES, PLANS, REMARKS, SPAN,
};

use super::generator::{CONTACT_DICE, FIRST_ADMIN_ID, FIRST_TAG_ID, Generator};
use super::identifiers::{self, Kind};

/// Who a generated contact is.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    number: u64,
    pub(crate) external_id: Option<String>,
    pub(crate) role: Role,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
}

impl Person {
    /// Who a contact is that is there.
    pub(crate) fn of(contact: &Contact) -> Person {
        Person {
            number: contact.number,
            external_id: contact.external_id.clone(),
            role: contact.role,
            name: contact.name.clone(),
            email: contact.email.clone(),
        }
    }

    /// The id by which the API knows this contact.
    pub(crate) fn id(&self, seed: u64) -> String {
        identifiers::encode(seed, Kind::Contact, self.number)
    }
}
use super::note::Subject;
use super::subscriptions::FIRST_TYPE_ID;

/// How many tags a contact usually has at most.
const USUAL_TAGS: u64 = 2;
/// Of how many subscription types a contact usually is not in the default state at most.
const USUAL_SUBSCRIPTIONS: u64 = 1;

impl Generator {
    /// Who generated contact `number` is, without the rest of it.
    pub(crate) fn person(&self, number: u64) -> Person {
        let dice = Dice::new(self.seed, CONTACT_DICE, number);
        Person {
            number,
            external_id: self.external_id(number),
            role: role(dice),
            name: dice.chance(25, 92).then(|| self.name(dice).0),
            email: self.email(number),
        }
    }

    /// Generated contact `number`.
    pub(crate) fn contact(&self, number: u64) -> Contact {
        let dice = Dice::new(self.seed, CONTACT_DICE, number);
        let updated_at = self.updated_at(number);
        let created_at = updated_at - dice.seconds(10, SPAN);
        let alive = updated_at - created_at;
        let sometimes = |question: u64, percent: u64| {
            dice.chance(question, percent)
                .then(|| created_at + dice.seconds(question + 100, alive))
        };
        let person = self.person(number);
        let role = person.role;
        let place = dice.pick(20, PLACES);
        let located = dice.chance(21, 85);
        let on_phone = dice.chance(22, 20);
        Contact {
            number,
            standing: Standing::Live,
            external_id: person.external_id,
            role,
            email: person.email,
            phone: dice
                .chance(23, 40)
                .then(|| format!("+1415555{:04}", dice.roll(24, 10_000))),
            name: person.name,
            avatar: dice
                .chance(26, 15)
                .then(|| format!("https://static.simulator.example/avatars/{number}.png")),
            owner_id: dice
                .chance(27, 45)
                .then(|| FIRST_ADMIN_ID + dice.seconds(28, self.admins as i64)),
            has_hard_bounced: dice.chance(29, 3),
            marked_email_as_spam: dice.chance(30, 1),
            unsubscribed_from_emails: dice.chance(31, 12),
            created_at,
            updated_at,
            signed_up_at: (role == Role::User && dice.chance(32, 90)).then_some(created_at),
            last_seen_at: sometimes(33, 75),
            last_replied_at: sometimes(34, 30),
            last_contacted_at: sometimes(35, 45),
            last_email_opened_at: sometimes(36, 35),
            last_email_clicked_at: sometimes(37, 15),
            language_override: dice.chance(38, 10).then(|| "de".to_owned()),
            browser: dice.chance(39, 80).then(|| dice.pick(40, BROWSERS)),
            browser_language: dice.chance(39, 80).then_some("en"),
            location: Location {
                kind: LocationType::Location,
                country: located.then_some(place.0),
                region: located.then_some(place.1),
                city: located.then_some(place.2),
                country_code: located.then_some(place.3),
                continent_code: located.then_some(place.4),
            },
            ios_last_seen_at: on_phone.then_some(updated_at),
            android_last_seen_at: sometimes(41, 12),
            utm_campaign: dice.chance(42, 20).then_some("spring-launch"),
            referrer: dice
                .chance(43, 25)
                .then_some("https://www.example.com/?q=support"),
            custom_attributes: attributes(dice, number, updated_at),
            tags: self.tags_of(dice),
            companies: self.companies_of(number),
            notes: self.notes_about(Subject::Contact(number), dice, created_at),
            subscriptions: self.subscriptions_of(dice),
        }
    }

    fn name(&self, dice: Dice) -> (String, String) {
        let (first, first_slug) = dice.pick(1_001, FIRST_NAMES);
        let (last, last_slug) = dice.pick(1_002, LAST_NAMES);
        (
            format!("{first} {last}"),
            format!("{first_slug}.{last_slug}"),
        )
    }

    /// The external id of generated contact `number`: a lead usually has none.
    fn external_id(&self, number: u64) -> Option<String> {
        let dice = Dice::new(self.seed, CONTACT_DICE, number);
        match role(dice) {
            Role::User => dice.chance(11, 94).then(|| format!("user-{number}")),
            Role::Lead => dice.chance(11, 40).then(|| format!("lead-{number}")),
        }
    }

    /// The email of generated contact `number`: a user always has one, a lead may have none or an empty one.
    fn email(&self, number: u64) -> Option<String> {
        let dice = Dice::new(self.seed, CONTACT_DICE, number);
        let kind = dice.roll(12, 100);
        if role(dice) == Role::Lead && kind < 25 {
            return None;
        }
        if role(dice) == Role::Lead && kind < 35 {
            return Some(String::new());
        }
        let (_, slug) = self.name(dice);
        let domain = dice.pick(1_003, DOMAINS);
        Some(format!("{slug}.{number}@{domain}"))
    }

    /// The generated contact with this external id.
    pub(crate) fn number_of_external_id(&self, external_id: &str) -> Option<u64> {
        let number = external_id.rsplit('-').next()?.parse().ok()?;
        let is_it =
            number < self.contacts && self.external_id(number).as_deref() == Some(external_id);
        is_it.then_some(number)
    }

    /// The generated contact with this email (lower case).
    pub(crate) fn number_of_email(&self, email: &str) -> Option<u64> {
        let (local, _) = email.split_once('@')?;
        let number = local.rsplit('.').next()?.parse().ok()?;
        let is_it = number < self.contacts && self.email(number).as_deref() == Some(email);
        is_it.then_some(number)
    }

    fn tags_of(&self, dice: Dice) -> Vec<u64> {
        dice.some(53, dice.length(50, USUAL_TAGS), self.tags)
            .map(|index| FIRST_TAG_ID + index)
            .collect()
    }

    fn subscriptions_of(&self, dice: Dice) -> Vec<u64> {
        let wanted = dice.length(54, USUAL_SUBSCRIPTIONS);
        dice.some(56, wanted, self.subscription_types)
            .map(|index| FIRST_TYPE_ID + index)
            .collect()
    }
}

fn role(dice: Dice) -> Role {
    if dice.chance(13, 70) {
        Role::User
    } else {
        Role::Lead
    }
}

fn attributes(dice: Dice, number: u64, updated_at: i64) -> Map<String, Value> {
    let mut attributes = Map::new();
    let mut set = |name: &str, value: Value| attributes.insert(name.to_owned(), value);
    set(names::PLAN_TIER, dice.pick(60, PLANS).into());
    set(
        names::LIFETIME_VALUE,
        (dice.roll(61, 1_000_000) as f64 / 100.0).into(),
    );
    set(names::SEATS, dice.roll(62, 500).into());
    set(names::ON_TRIAL, dice.chance(63, 20).into());
    let renewal = dice
        .chance(64, 70)
        .then(|| updated_at + dice.seconds(65, SPAN));
    set(names::RENEWAL_AT, renewal.into());
    set(names::REMARK, dice.pick(66, REMARKS).into());
    set(names::SIZE, dice.pick(67, &["S", "M", "L", "XL ×2"]).into());
    set(
        names::FAVOURITE,
        dice.pick(68, &["りんご", "みかん", "ぶどう"]).into(),
    );
    let score = dice.chance(69, 50).then(|| dice.roll(70, 11));
    set(names::SATISFACTION, score.into());
    set(names::ACCOUNT_CODE, format!("AC-{number:08}").into());
    let plan = dice.pick(60, PLANS);
    let url =
        format!("https://app.example.com/signup?plan={plan}&source=newsletter&visitor={number}");
    set(names::SIGNUP_URL, url.into());
    let features = [
        "Dashboards & reports",
        "Team inbox",
        "Rückblick",
        "API tokens (read only)",
    ];
    set(names::LAST_FEATURE, dice.pick(71, &features).into());
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::contact_body::Rendering;
    use crate::simulator::moment::TimeStyle;
    use crate::simulator::options::Options;
    use crate::simulator::version::ApiVersion;

    fn generator(seed: u64) -> Generator {
        Generator::new(&Options {
            seed,
            contacts: 3_000,
            ..Options::default()
        })
    }

    fn rendered(generator: &Generator, number: u64) -> String {
        let contact = generator.contact(number);
        let body = contact.body(Rendering {
            seed: generator.seed,
            workspace_id: "w",
            version: ApiVersion::DEFAULT,
            times: TimeStyle::Answer,
        });
        serde_json::to_string(&body).unwrap()
    }

    #[test]
    fn the_seed_decides_everything() {
        assert_eq!(rendered(&generator(5), 42), rendered(&generator(5), 42));
        assert_ne!(rendered(&generator(5), 42), rendered(&generator(6), 42));
    }

    #[test]
    fn the_mixture_is_realistic() {
        let generator = generator(1);
        let all: Vec<Contact> = (0..3_000).map(|number| generator.contact(number)).collect();
        let count = |wanted: &dyn Fn(&Contact) -> bool| {
            all.iter().filter(|contact| wanted(contact)).count()
        };
        assert!((2_000..2_200).contains(&count(&|contact| contact.role == Role::User)));
        assert!(count(&|contact| contact.email.is_none()) > 100);
        assert!(count(&|contact| contact.email.as_deref() == Some("")) > 50);
        assert!(count(&|contact| contact.tags.len() > 10) > 20);
        assert!(count(&|contact| contact.companies.len() > 10) > 20);
        assert!(count(&|contact| contact.owner_id.is_none()) > 1_000);
        assert!(
            all.iter()
                .all(|contact| contact.created_at <= contact.updated_at)
        );
        let bytes: usize = (0..200)
            .map(|number| rendered(&generator, number).len())
            .sum();
        assert!((2_300..3_300).contains(&(bytes / 200)), "{}", bytes / 200);
    }

    #[test]
    fn email_and_external_id_lead_back() {
        let generator = generator(1);
        for number in 0..300 {
            let contact = generator.contact(number);
            if let Some(external_id) = &contact.external_id {
                assert_eq!(generator.number_of_external_id(external_id), Some(number));
            }
            if let Some(email) = contact.email.as_deref().filter(|email| !email.is_empty()) {
                assert_eq!(generator.number_of_email(email), Some(number));
            }
        }
        assert_eq!(generator.number_of_external_id("user-99999999"), None);
        assert_eq!(generator.number_of_email("nobody.7@example.com"), None);
    }
}
