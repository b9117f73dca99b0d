//! What search needs to know of contacts. A search by id, external id or email looks at those contacts only.

use super::contact::Contact;
use super::generator::Generator;
use super::identifiers::{self, Kind};
use super::ordered_search::Searchable;
use super::search_fields::{ContactField, FieldValue};

impl Searchable for Contact {
    type Field = ContactField;

    fn encode(generator: &Generator, number: u64) -> String {
        identifiers::encode(generator.seed, Kind::Contact, number)
    }

    fn decode(generator: &Generator, id: &str) -> Option<u64> {
        identifiers::decode(generator.seed, Kind::Contact, id)
    }

    fn is_updated_at(field: &ContactField) -> bool {
        field.is_updated_at()
    }

    fn value<'a>(&'a self, field: &ContactField, generator: &Generator) -> FieldValue<'a> {
        field.of(self, generator)
    }

    fn named(generator: &Generator, field: &ContactField, values: &[&str]) -> Option<Vec<u64>> {
        let ContactField::Standard(name) = field else {
            return None;
        };
        let number: fn(&Generator, &str) -> Option<u64> = match *name {
            "id" => Contact::decode,
            "external_id" => Generator::number_of_external_id,
            "email" => Generator::number_of_email,
            _ => return None,
        };
        let numbers = values.iter().filter_map(|value| number(generator, value));
        Some(numbers.collect())
    }
}
