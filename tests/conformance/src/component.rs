//! Values that are no answers, against the components of the documents.

use serde_json::{Value, json};

use crate::document::Document;
use crate::schema::Objects;
use crate::validation::findings;

impl Document {
    /// What the schema of a component forbids in a value: the place, and a text for people. Where an example of the
    /// document itself is the same, the example is right.
    ///
    /// # Panics
    /// When the document has no such component.
    pub fn check_component(&self, component: &str, value: &Value) -> Vec<(String, String)> {
        assert!(
            self.component(component).is_some(),
            "{}: there is no component {component}",
            self.name()
        );
        let schema = json!({ "$ref": format!("#/components/schemas/{component}") });
        let validator = self.validator(format!("component {component}"), &schema, Objects::Open);
        let contradictions = self.contradictions();
        let found = findings(&validator, value, component).into_iter();
        found
            .filter(|finding| {
                !contradictions
                    .iter()
                    .any(|contradiction| contradiction.allows(finding))
            })
            .map(|finding| (finding.place, finding.message))
            .collect()
    }
}
