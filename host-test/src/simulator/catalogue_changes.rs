//! Reading and changing objects of the catalogue from a test, one by one or so many by arithmetic.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::catalogue::CatalogueKind;
use super::catalogue_table::View;
use super::errors::ApiError;
use super::help_center::is_published;
use super::object_topics::ObjectChange;
use super::shelf::ALL;
use super::version::ApiVersion;
use super::workspace::Workspace;

/// How many objects of a kind to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueChange {
    /// The kind.
    pub kind: CatalogueKind,
    /// Objects that are created.
    #[serde(default)]
    pub create: u64,
    /// Objects that change.
    #[serde(default)]
    pub update: u64,
    /// Objects that are deleted.
    #[serde(default)]
    pub delete: u64,
}

/// Ids of what a [`CatalogueChange`] changed. Shorter than asked for when there is nothing left to change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CatalogueChanged {
    /// Objects that were created.
    pub create: Vec<String>,
    /// Objects that changed.
    pub update: Vec<String>,
    /// Objects that were deleted.
    pub delete: Vec<String>,
}

/// The catalogue.
impl Workspace {
    /// How many objects of a kind can be read.
    pub fn catalogue_count(&self, kind: CatalogueKind) -> u64 {
        self.read().catalogue.shelf(kind).count(ALL)
    }

    /// Ids of the objects of a kind that can be read, the last changed first.
    pub fn catalogue_ids(&self, kind: CatalogueKind) -> Vec<String> {
        let state = self.read();
        let numbers = state.catalogue.shelf(kind).newest(ALL);
        numbers
            .map(|number| kind.id(self.options.seed, number))
            .collect()
    }

    /// Every object of a kind that can be read, as its own operation renders it in 2.16, the last changed first.
    pub fn catalogue_objects(&self, kind: CatalogueKind) -> Vec<Value> {
        let items: Vec<_> = {
            let state = self.read();
            let shelf = state.catalogue.shelf(kind);
            let numbers = shelf.newest(ALL);
            numbers.filter_map(|number| shelf.item(number)).collect()
        };
        let view = View {
            version: ApiVersion::V2_16,
            listed: false,
        };
        let items = items.iter();
        items
            .map(|item| kind.row().show(self, item, view))
            .collect()
    }

    /// Creates an object; gives its id.
    pub fn create_catalogue_object(&self, kind: CatalogueKind) -> String {
        let now = self.now();
        let mut state = self.write();
        let shelf = state.catalogue.shelf_mut(kind);
        let number = shelf.create(now);
        if let Some(item) = shelf.item(number) {
            self.tell_of_object(&state, kind, ObjectChange::Created, &item);
        }
        kind.id(self.options.seed, number)
    }

    /// Changes an object: its `updated_at` becomes now.
    ///
    /// # Errors
    /// 404 when there is none.
    pub fn touch_catalogue_object(&self, kind: CatalogueKind, id: &str) -> Result<(), ApiError> {
        self.change_object(kind, id, ObjectChange::Updated)
    }

    /// Publishes an article, or takes it back.
    ///
    /// # Errors
    /// 404 when there is none.
    pub fn publish_article(&self, id: &str, published: bool) -> Result<(), ApiError> {
        let change = if published {
            ObjectChange::Published
        } else {
            ObjectChange::Unpublished
        };
        self.change_object(CatalogueKind::Articles, id, change)
    }

    /// Creates an object with these fields, or writes them over the one with this id, and says whether it is published
    /// where the request does; gives its id.
    ///
    /// # Errors
    /// 404 when there is none with this id.
    pub(crate) fn write_object(
        &self,
        kind: CatalogueKind,
        id: Option<&str>,
        fields: Map<String, Value>,
        published: Option<bool>,
    ) -> Result<String, ApiError> {
        let missing = || ApiError::new(404, "not_found", kind.row().missing);
        let now = self.now();
        let mut state = self.write();
        let shelf = state.catalogue.shelf_mut(kind);
        let number = match id {
            Some(id) => kind.number(id).ok_or_else(missing)?,
            None => shelf.create(now),
        };
        let before = shelf.item(number).ok_or_else(missing)?;
        let turns = published.is_some_and(|published| published != is_published(&before));
        if turns {
            shelf.turn(number, now);
        }
        shelf.write(number, now, fields);
        let change = match (id, published) {
            (None, _) => ObjectChange::Created,
            (_, Some(true)) if turns => ObjectChange::Published,
            (_, Some(false)) if turns => ObjectChange::Unpublished,
            _ => ObjectChange::Updated,
        };
        let item = shelf.item(number).unwrap_or(before);
        self.tell_of_object(&state, kind, change, &item);
        Ok(kind.id(self.options.seed, number))
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// 404 when there is none.
    pub fn delete_catalogue_object(&self, kind: CatalogueKind, id: &str) -> Result<(), ApiError> {
        self.change_object(kind, id, ObjectChange::Deleted)
    }

    fn change_object(
        &self,
        kind: CatalogueKind,
        id: &str,
        change: ObjectChange,
    ) -> Result<(), ApiError> {
        let missing = || ApiError::new(404, "not_found", kind.row().missing);
        let number = kind.number(id).ok_or_else(missing)?;
        let now = self.now();
        let mut state = self.write();
        let shelf = state.catalogue.shelf_mut(kind);
        let before = shelf.item(number).ok_or_else(missing)?;
        match change {
            ObjectChange::Deleted => shelf.delete(number, now),
            ObjectChange::Published if is_published(&before) => return Ok(()),
            ObjectChange::Unpublished if !is_published(&before) => return Ok(()),
            ObjectChange::Published | ObjectChange::Unpublished => shelf.turn(number, now),
            ObjectChange::Created | ObjectChange::Updated => shelf.touch(number, now),
        };
        let item = shelf.item(number).unwrap_or(before);
        self.tell_of_object(&state, kind, change, &item);
        Ok(())
    }

    /// Changes objects picked by arithmetic, and says which. Entries of the activity log can only be created.
    pub fn change_catalogue(&self, wanted: CatalogueChange) -> CatalogueChanged {
        let kind = wanted.kind;
        let mut done = CatalogueChanged::default();
        for _ in 0..wanted.create {
            done.create.push(self.create_catalogue_object(kind));
        }
        for _ in 0..wanted.update {
            let picked = self.some_object(kind);
            let picked = picked.filter(|id| self.touch_catalogue_object(kind, id).is_ok());
            done.update.extend(picked);
        }
        for _ in 0..wanted.delete {
            let picked = self.some_object(kind);
            let picked = picked.filter(|id| self.delete_catalogue_object(kind, id).is_ok());
            done.delete.extend(picked);
        }
        done
    }

    fn some_object(&self, kind: CatalogueKind) -> Option<String> {
        let number = self.next_mutation();
        let state = self.read();
        let shelf = state.catalogue.shelf(kind);
        let (start, end) = (self.pick(number, shelf.end()), shelf.end());
        let mut turn = (start..end).chain(0..start);
        let picked = turn.find(|number| shelf.item(*number).is_some())?;
        Some(kind.id(self.options.seed, picked))
    }

    /// How many objects there are of each kind, by the names of the kinds.
    pub(crate) fn catalogue_counts(&self) -> Value {
        let count = |kind: CatalogueKind| {
            let name = json!(kind).as_str().map(str::to_owned)?;
            Some((name, json!(self.catalogue_count(kind))))
        };
        CatalogueKind::all().filter_map(count).collect()
    }
}
