//! The companies of a workspace: generated ones by arithmetic, written ones from memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::company::Company;
use super::generator::Generator;

/// Companies, in the order of their numbers.
#[derive(Debug)]
pub(crate) struct CompanyStore {
    generator: Generator,
    written: BTreeMap<u64, Arc<Company>>,
    by_company_id: BTreeMap<String, u64>,
    /// The visible ones whose last request is of after the generated data, by its time.
    requested: BTreeSet<(i64, u64)>,
    created: u64,
    visible: u64,
}

impl CompanyStore {
    pub(crate) fn new(generator: Generator) -> CompanyStore {
        CompanyStore {
            visible: generator.companies,
            generator,
            written: BTreeMap::new(),
            by_company_id: BTreeMap::new(),
            requested: BTreeSet::new(),
            created: 0,
        }
    }

    /// A company that was not deleted.
    pub(crate) fn company(&self, number: u64) -> Option<Arc<Company>> {
        match self.written.get(&number) {
            Some(company) => (!company.deleted).then(|| company.clone()),
            None if number < self.generator.companies => {
                Some(Arc::new(self.generator.company(number)))
            }
            None => None,
        }
    }

    /// The company with this key.
    pub(crate) fn with_company_id(&self, company_id: &str) -> Option<Arc<Company>> {
        let number = self
            .by_company_id
            .get(company_id)
            .copied()
            .or_else(|| self.generator.number_of_company_id(company_id))?;
        self.company(number)
    }

    /// Written companies, deleted or not.
    pub(crate) fn written(&self) -> impl Iterator<Item = &Arc<Company>> + '_ {
        self.written.values()
    }

    /// One more than the greatest number.
    pub(crate) fn end(&self) -> u64 {
        self.generator.companies.saturating_add(self.created)
    }

    /// How many companies lists and the scroll show.
    pub(crate) fn visible_count(&self) -> u64 {
        self.visible
    }

    /// Numbers of the visible companies from `start` to before `end`.
    pub(crate) fn visible(&self, start: u64, end: u64) -> impl Iterator<Item = u64> + '_ {
        (start..end.min(self.end())).filter(|number| {
            self.written
                .get(number)
                .map_or(*number < self.generator.companies, |company| {
                    company.is_visible()
                })
        })
    }

    /// Numbers of the visible companies by the time of their last request, the latest first. Generated ones are in this
    /// order by their numbers, and all of them come after what was requested since.
    pub(crate) fn by_last_request(&self) -> impl Iterator<Item = u64> + '_ {
        let latest = self.requested.iter().rev().map(|(_, number)| *number);
        let others = self.visible(0, u64::MAX);
        latest.chain(others.filter(|number| self.request_since(*number).is_none()))
    }

    /// When a visible company was requested, if that was after the generated data.
    fn request_since(&self, number: u64) -> Option<i64> {
        let company = self.written.get(&number)?;
        let requested_at = company.last_request_at.filter(|_| company.is_visible());
        requested_at.filter(|requested_at| *requested_at >= self.generator.epoch)
    }

    /// The number for a company to be created; every call gives another one.
    pub(crate) fn next_number(&mut self) -> u64 {
        let number = self.end();
        self.created += 1;
        number
    }

    /// Stores a company.
    pub(crate) fn put(&mut self, company: Company) {
        let number = company.number;
        let was_visible = match self.written.get(&number) {
            Some(before) => before.is_visible(),
            None => number < self.generator.companies,
        };
        if company.is_visible() {
            self.visible += 1;
        }
        if was_visible {
            self.visible -= 1;
        }
        if company.deleted {
            // The key is free again.
            self.by_company_id.remove(&company.company_id);
        } else {
            self.by_company_id
                .insert(company.company_id.clone(), number);
        }
        if let Some(requested_at) = self.request_since(number) {
            self.requested.remove(&(requested_at, number));
        }
        self.written.insert(number, Arc::new(company));
        if let Some(requested_at) = self.request_since(number) {
            self.requested.insert((requested_at, number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::options::Options;

    #[test]
    fn only_companies_with_contacts_are_visible() {
        let mut store = CompanyStore::new(Generator::new(&Options::default()));
        assert_eq!(store.visible_count(), 100);
        let number = store.next_number();
        let mut company = Company::blank(number, "new".to_owned(), 0);
        store.put(company.clone());
        assert_eq!(store.visible_count(), 100);
        company.user_count = 1;
        store.put(company);
        assert_eq!(store.visible_count(), 101);
        assert_eq!(store.visible(99, u64::MAX).collect::<Vec<_>>(), [99, 100]);
        let mut first = store.generator.company(0);
        first.deleted = true;
        store.put(first);
        assert_eq!(store.visible_count(), 100);
        assert_eq!(store.visible(0, 5).next(), Some(1));
        assert!(store.with_company_id("company-0").is_none());
        assert!(store.with_company_id("new").is_some());
    }
}
