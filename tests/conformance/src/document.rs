//! One OpenAPI document.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jsonschema::Validator;
use serde_json::Value;

use crate::contradictions::{self, Contradiction};
use crate::operation::Operation;
use crate::schema::{self, Objects};

/// One OpenAPI document, with the validators that were made of its schemas.
pub struct Document {
    name: &'static str,
    root: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
    contradictions: OnceLock<Vec<Contradiction>>,
}

impl Document {
    /// Reads a document of a version of the API.
    ///
    /// # Errors
    /// When it is not YAML, or no OpenAPI document.
    pub fn parse(name: &'static str, text: &str) -> Result<Document, String> {
        let mut options = serde_saphyr::Options::default();
        // The files are Intercom's, and larger than what a stranger's may be.
        options.budget = None;
        let root: Value = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| format!("it is not YAML: {error}"))?;
        if !root["paths"].is_object() {
            return Err("it is no OpenAPI document: it has no paths".to_owned());
        }
        Ok(Document {
            name,
            root,
            validators: Mutex::default(),
            contradictions: OnceLock::new(),
        })
    }

    /// The version that it describes.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The document itself.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// The addresses of the API.
    pub fn servers(&self) -> impl Iterator<Item = &str> {
        let servers = self.root["servers"].as_array().into_iter().flatten();
        servers.filter_map(|server| server["url"].as_str())
    }

    /// Every operation, in the order of the document.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        let items = self.root["paths"].as_object().into_iter().flatten();
        items.flat_map(move |(template, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods
                // Beside the operations, a path has parameters and descriptions.
                .filter(|(_, operation)| operation["responses"].is_object())
                .map(move |(method, operation)| Operation {
                    document: self,
                    method,
                    template,
                    item,
                    operation,
                })
        })
    }

    /// The operation of a request.
    pub fn operation(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        Operation::find(self, method, path).map(|(operation, _)| operation)
    }

    /// What a value points to when it is a reference; else the value itself.
    pub(crate) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let pointer = value["$ref"]
            .as_str()
            .and_then(|path| path.strip_prefix('#'));
        match pointer {
            Some(pointer) => self
                .root
                .pointer(pointer)
                .unwrap_or_else(|| panic!("{}: nothing is at {pointer}", self.name)),
            None => value,
        }
    }

    /// A schema of the components.
    pub(crate) fn component(&self, name: &str) -> Option<&Value> {
        self.root["components"]["schemas"].get(name)
    }

    /// The validator of a schema, made once; `place` says where in the document the schema stands.
    pub(crate) fn validator(
        &self,
        place: String,
        schema: &Value,
        objects: Objects,
    ) -> Arc<Validator> {
        let mut validators = self
            .validators
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let translated = schema::json_schema(self, schema, objects);
            let validator = jsonschema::options()
                .with_draft(jsonschema::Draft::Draft202012)
                .offline()
                .build(&translated);
            Arc::new(validator.unwrap_or_else(|error| panic!("{}: a schema: {error}", self.name)))
        };
        validators.entry(place).or_insert_with(make).clone()
    }

    /// Where examples of this document contradict its schemas.
    pub fn contradictions(&self) -> &[Contradiction] {
        self.contradictions
            .get_or_init(|| contradictions::find(self))
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Document")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
