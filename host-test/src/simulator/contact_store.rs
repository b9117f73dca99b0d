//! The contacts of a workspace: generated ones by arithmetic, written ones from memory, and what search knows of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::contact::Contact;
use super::contact_view::{ContactView, Forgotten, Overlay};
use super::generator::Generator;

/// Contacts as they are, and as the search index has them.
#[derive(Debug)]
pub(crate) struct ContactStore {
    generator: Generator,
    current: Overlay,
    /// What search sees; unused while writes reach it at once.
    indexed: Overlay,
    /// Writes on their way into the index: from when (milliseconds) each is seen, in that order.
    pending: VecDeque<(i64, Arc<Contact>)>,
    lag: i64,
    created: u64,
    forgotten: Forgotten,
    by_email: BTreeMap<String, BTreeSet<u64>>,
    by_external_id: BTreeMap<String, BTreeSet<u64>>,
}

impl ContactStore {
    /// The generated contacts; writes reach search after `lag` milliseconds.
    pub(crate) fn new(generator: Generator, lag: i64) -> ContactStore {
        ContactStore {
            generator,
            current: Overlay::default(),
            indexed: Overlay::default(),
            pending: VecDeque::new(),
            lag,
            created: 0,
            forgotten: Forgotten::default(),
            by_email: BTreeMap::new(),
            by_external_id: BTreeMap::new(),
        }
    }

    /// The contacts as they are.
    pub(crate) fn current(&self) -> ContactView<'_> {
        ContactView {
            generator: &self.generator,
            overlay: &self.current,
            forgotten: &self.forgotten,
        }
    }

    /// Whether [`ContactStore::index`] has something to do at `now` (milliseconds).
    pub(crate) fn index_is_due(&self, now: i64) -> bool {
        self.pending
            .front()
            .is_some_and(|(visible_at, _)| *visible_at <= now)
    }

    /// Lets search see what was written long enough before `now` (milliseconds).
    pub(crate) fn index(&mut self, now: i64) {
        while self.index_is_due(now) {
            if let Some((_, contact)) = self.pending.pop_front() {
                self.indexed.put(&self.generator, contact);
            }
        }
    }

    /// The contacts as search knows them.
    pub(crate) fn indexed(&self) -> ContactView<'_> {
        let overlay = if self.lag == 0 {
            &self.current
        } else {
            &self.indexed
        };
        ContactView {
            generator: &self.generator,
            overlay,
            forgotten: &self.forgotten,
        }
    }

    /// Takes a tag that is no more from every contact; none of them counts as changed.
    pub(crate) fn forget_tag(&mut self, tag: u64) {
        self.forgotten.tags.insert(tag);
        self.strip();
    }

    /// Takes a company that is no more from every contact; none of them counts as changed.
    pub(crate) fn forget_company(&mut self, number: u64) {
        self.forgotten.companies.insert(number);
        self.strip();
    }

    fn strip(&mut self) {
        let written = self.current.records.values_mut();
        let indexed = self.indexed.records.values_mut();
        let pending = self.pending.iter_mut().map(|(_, contact)| contact);
        for contact in written.chain(indexed).chain(pending) {
            self.forgotten.strip(Arc::make_mut(contact));
        }
    }

    /// The number for a contact to be created; every call gives another one.
    pub(crate) fn next_number(&mut self) -> u64 {
        let number = self.generator.contacts.saturating_add(self.created);
        self.created += 1;
        number
    }

    /// Stores a contact, at `now` in milliseconds.
    pub(crate) fn put(&mut self, contact: Contact, now: i64) {
        let number = contact.number;
        if let Some(before) = self.current.records.get(&number) {
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
        let contact = Arc::new(contact);
        if self.lag > 0 {
            self.pending
                .push_back((now.saturating_add(self.lag), contact.clone()));
        }
        self.current.put(&self.generator, contact);
    }

    /// Contacts, readable or not, that have this email in whatever case.
    pub(crate) fn with_email(&self, email: &str) -> Vec<Arc<Contact>> {
        let email = email.to_lowercase();
        let generated = self.generator.number_of_email(&email);
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
        let generated = self.generator.number_of_external_id(external_id);
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
    use crate::simulator::contact::{Role, Standing};
    use crate::simulator::contact_view::ALL_KEYS;
    use crate::simulator::options::Options;

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
        let mut touched = store.generator.contact(3);
        touched.updated_at = store.generator.epoch + 5;
        store.put(touched, 0);
        let mut archived = store.generator.contact(4);
        archived.standing = Standing::Archived;
        store.put(archived, 0);
        let number = store.next_number();
        store.put(
            Contact::blank(number, Role::Lead, store.generator.epoch + 9),
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
            view.count_in(&((store.generator.epoch, 0)..(i64::MAX, 0))),
            2
        );
        assert_eq!(view.count_in(&((5, 0)..(4, 0))), 0);
        assert_eq!(view.walk((5, 0)..(4, 0), true).count(), 0);
    }

    #[test]
    fn an_archived_contact_comes_back() {
        let mut store = store(5, 0);
        for standing in [Standing::Archived, Standing::Live] {
            let mut contact = store.generator.contact(2);
            contact.standing = standing;
            store.put(contact, 0);
        }
        assert_eq!(store.current().count(), 5);
    }

    #[test]
    fn the_index_lags() {
        let mut store = store(5, 1_000);
        let mut contact = store.generator.contact(2);
        contact.updated_at += 1_000_000_000;
        let (old, new) = (store.generator.updated_at(2), contact.updated_at);
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
        let mut contact = store.generator.contact(1);
        contact.email = Some("New@Example.com".to_owned());
        let old = store.generator.contact(1).email.unwrap_or_default();
        store.put(contact, 0);
        assert_eq!(store.with_email("new@EXAMPLE.com").len(), 1);
        assert!(store.with_email(&old).is_empty());
    }
}
