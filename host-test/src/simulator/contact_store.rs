//! The contacts of a workspace: generated ones by arithmetic, written ones from memory, and what search knows of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::contact::{Contact, Standing};
use super::generator::{CONTACT_DICE, Generator};
use super::ordered::{OrderedView, Record};
use super::ordered_store::OrderedStore;
use super::timeline::Timeline;

/// Tags and companies that are no more, by id and by number: generated contacts still come with them.
#[derive(Debug, Default)]
pub(crate) struct Forgotten {
    tags: BTreeSet<u64>,
    companies: BTreeSet<u64>,
}

impl Record for Contact {
    type Forgotten = Forgotten;

    fn timeline(generator: &Generator) -> Timeline {
        generator.timeline(CONTACT_DICE, generator.contacts)
    }

    fn generate(generator: &Generator, number: u64) -> Contact {
        generator.contact(number)
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn updated_at(&self) -> i64 {
        self.updated_at
    }

    fn is_live(&self) -> bool {
        self.standing == Standing::Live
    }

    fn strip(&mut self, forgotten: &Forgotten) {
        self.tags.retain(|tag| !forgotten.tags.contains(tag));
        self.companies
            .retain(|company| !forgotten.companies.contains(company));
    }
}

/// Contacts at one moment, in the order by last change.
pub(crate) type ContactView<'a> = OrderedView<'a, Contact>;

impl ContactView<'_> {
    /// A contact, whether it can be read or not; `None` when there never was one.
    pub(crate) fn contact(self, number: u64) -> Option<Arc<Contact>> {
        self.record(number)
    }
}

/// Contacts as they are, and as the search index has them.
#[derive(Debug)]
pub(crate) struct ContactStore {
    contacts: OrderedStore<Contact>,
    by_email: BTreeMap<String, BTreeSet<u64>>,
    by_external_id: BTreeMap<String, BTreeSet<u64>>,
}

impl ContactStore {
    /// The generated contacts; writes reach search after `lag` milliseconds.
    pub(crate) fn new(generator: Generator, lag: i64) -> ContactStore {
        ContactStore {
            contacts: OrderedStore::new(generator, lag),
            by_email: BTreeMap::new(),
            by_external_id: BTreeMap::new(),
        }
    }

    /// The contacts as they are.
    pub(crate) fn current(&self) -> ContactView<'_> {
        self.contacts.current()
    }

    /// A contact over which something was written, readable or not.
    pub(crate) fn written(&self, number: u64) -> Option<&Arc<Contact>> {
        self.contacts.written(number)
    }

    /// Whether [`ContactStore::index`] has something to do at `now` (milliseconds).
    pub(crate) fn index_is_due(&self, now: i64) -> bool {
        self.contacts.index_is_due(now)
    }

    /// Lets search see what was written long enough before `now` (milliseconds).
    pub(crate) fn index(&mut self, now: i64) {
        self.contacts.index(now);
    }

    /// The contacts as search knows them.
    pub(crate) fn indexed(&self) -> ContactView<'_> {
        self.contacts.indexed()
    }

    /// Takes a tag that is no more from every contact; none of them counts as changed.
    pub(crate) fn forget_tag(&mut self, tag: u64) {
        self.contacts.forget(|forgotten| {
            forgotten.tags.insert(tag);
        });
    }

    /// Takes a company that is no more from every contact; none of them counts as changed.
    pub(crate) fn forget_company(&mut self, number: u64) {
        self.contacts.forget(|forgotten| {
            forgotten.companies.insert(number);
        });
    }

    /// The number for a contact to be created; every call gives another one.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.contacts.next_number()
    }

    /// Stores a contact, at `now` in milliseconds.
    pub(crate) fn put(&mut self, contact: Contact, now: i64) {
        let number = contact.number;
        if let Some(before) = self.contacts.written(number) {
            unlist(&mut self.by_email, before.email.as_deref(), number);
            unlist(
                &mut self.by_external_id,
                before.external_id.as_deref(),
                number,
            );
        }
        list(&mut self.by_email, contact.email.as_deref(), number);
        list(
            &mut self.by_external_id,
            contact.external_id.as_deref(),
            number,
        );
        self.contacts.put(contact, now);
    }

    /// Contacts, readable or not, that have this email in whatever case.
    pub(crate) fn with_email(&self, email: &str) -> Vec<Arc<Contact>> {
        let email = email.to_lowercase();
        let generated = self.contacts.generator().number_of_email(&email);
        let found = self.candidates(generated, self.by_email.get(&email));
        let has_it = |contact: &Arc<Contact>| {
            contact
                .email
                .as_deref()
                .is_some_and(|own| own.to_lowercase() == email)
        };
        found.into_iter().filter(has_it).collect()
    }

    /// Contacts, readable or not, that have this external id.
    pub(crate) fn with_external_id(&self, external_id: &str) -> Vec<Arc<Contact>> {
        let generated = self.contacts.generator().number_of_external_id(external_id);
        let found = self.candidates(generated, self.by_external_id.get(external_id));
        let has_it = |contact: &Arc<Contact>| contact.external_id.as_deref() == Some(external_id);
        found.into_iter().filter(has_it).collect()
    }

    fn candidates(
        &self,
        generated: Option<u64>,
        written: Option<&BTreeSet<u64>>,
    ) -> Vec<Arc<Contact>> {
        let mut numbers: BTreeSet<u64> = written.into_iter().flatten().copied().collect();
        numbers.extend(generated);
        let current = self.current();
        numbers
            .into_iter()
            .filter_map(|number| current.contact(number))
            .collect()
    }
}

fn list(index: &mut BTreeMap<String, BTreeSet<u64>>, key: Option<&str>, number: u64) {
    if let Some(key) = key.filter(|key| !key.is_empty()) {
        index.entry(key.to_lowercase()).or_default().insert(number);
        index.entry(key.to_owned()).or_default().insert(number);
    }
}

fn unlist(index: &mut BTreeMap<String, BTreeSet<u64>>, key: Option<&str>, number: u64) {
    for key in key
        .into_iter()
        .flat_map(|key| [key.to_lowercase(), key.to_owned()])
    {
        if let Some(numbers) = index.get_mut(&key) {
            numbers.remove(&number);
            if numbers.is_empty() {
                index.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::contact::Role;
    use crate::simulator::options::Options;
    use crate::simulator::ordered::ALL_KEYS;

    fn store(contacts: u64, lag: i64) -> ContactStore {
        let options = Options {
            contacts,
            ..Options::default()
        };
        ContactStore::new(Generator::new(&options), lag)
    }

    #[test]
    fn written_contacts_take_their_new_place() {
        let mut store = store(50, 0);
        let mut touched = store.contacts.generator().contact(3);
        touched.updated_at = store.contacts.generator().epoch + 5;
        store.put(touched, 0);
        let mut archived = store.contacts.generator().contact(4);
        archived.standing = Standing::Archived;
        store.put(archived, 0);
        let number = store.next_number();
        store.put(
            Contact::blank(number, Role::Lead, store.contacts.generator().epoch + 9),
            0,
        );

        let view = store.current();
        let down: Vec<u64> = view
            .walk(ALL_KEYS, false)
            .map(|(_, number)| number)
            .collect();
        assert_eq!(&down[..3], [50, 3, 49]);
        assert_eq!(down.len(), 50);
        assert!(!down.contains(&4));
        let mut up: Vec<u64> = view
            .walk(ALL_KEYS, true)
            .map(|(_, number)| number)
            .collect();
        up.reverse();
        assert_eq!(up, down);
        assert_eq!(view.count(), 50);
        assert_eq!(view.count_in(&ALL_KEYS), 50);
        assert_eq!(
            view.count_in(&((store.contacts.generator().epoch, 0)..(i64::MAX, 0))),
            2
        );
        assert_eq!(view.count_in(&((5, 0)..(4, 0))), 0);
        assert_eq!(view.walk((5, 0)..(4, 0), true).count(), 0);
    }

    #[test]
    fn an_archived_contact_comes_back() {
        let mut store = store(5, 0);
        for standing in [Standing::Archived, Standing::Live] {
            let mut contact = store.contacts.generator().contact(2);
            contact.standing = standing;
            store.put(contact, 0);
        }
        assert_eq!(store.current().count(), 5);
    }

    #[test]
    fn the_index_lags() {
        let mut store = store(5, 1_000);
        let mut contact = store.contacts.generator().contact(2);
        contact.updated_at += 1_000_000_000;
        let (old, new) = (store.contacts.generator().updated_at(2), contact.updated_at);
        store.put(contact, 0);
        let newest = |store: &ContactStore| store.indexed().walk(ALL_KEYS, false).next();
        store.index(999);
        assert_eq!(newest(&store).map(|(_, number)| number), Some(4));
        assert_eq!(
            store.indexed().live(2).map(|contact| contact.updated_at),
            Some(old)
        );
        store.index(1_000);
        assert_eq!(newest(&store), Some((new, 2)));
    }

    #[test]
    fn emails_are_found_in_any_case() {
        let mut store = store(5, 0);
        let mut contact = store.contacts.generator().contact(1);
        contact.email = Some("New@Example.com".to_owned());
        let old = store
            .contacts
            .generator()
            .contact(1)
            .email
            .unwrap_or_default();
        store.put(contact, 0);
        assert_eq!(store.with_email("new@EXAMPLE.com").len(), 1);
        assert!(store.with_email(&old).is_empty());
    }
}
