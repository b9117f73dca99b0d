//! Dotted paths into canonical records: `email`, `location.city`, `custom_attributes.plan`, `tags.data.0.id`.

use crate::contract::types::Problem;
use crate::failure::{problem, unknown};
use crate::intercom::fields::{Field, Kind};
use crate::intercom::streams::{self, Stream};
use crate::prelude::*;
pub use records::value_at;

/// The most parts of a path.
pub const MOST_PARTS: usize = 8;

/// What stands before a path into the company of a contact.
pub const COMPANY: &str = "company.";

/// The field of a call that is read where a mapping asks for it.
pub const TRANSCRIPT: &str = "transcript";

/// What a value is, as far as it is known before there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Not known.
    Any,
    /// Text.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list.
    List,
    /// An object.
    Object,
}

impl Type {
    /// All types by their names in a mapping.
    pub const ALL: [(&'static str, Self); 6] = [
        ("any", Self::Any),
        ("text", Self::Text),
        ("number", Self::Number),
        ("boolean", Self::Boolean),
        ("list", Self::List),
        ("object", Self::Object),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(_, one)| *one == self)
            .map_or("any", |(name, _)| name)
    }

    /// Whether a value of one may be a value of the other.
    pub fn fits(self, other: Self) -> bool {
        self == Self::Any || other == Self::Any || self == other
    }

    /// The type of a value as it is written; `null` is of any.
    pub fn of(json: &str) -> Self {
        match json.as_bytes().first() {
            Some(b'"') => Self::Text,
            Some(b'{') => Self::Object,
            Some(b'[') => Self::List,
            Some(b't' | b'f') => Self::Boolean,
            Some(b'n') | None => Self::Any,
            Some(_) => Self::Number,
        }
    }
}

/// The type at a path of a stream's records. Paths of contacts may lead into their company.
///
/// # Errors
/// What is wrong with the path, at this place of the mapping.
pub fn type_at(stream: &Stream, path: &str, place: &str) -> Result<Type, Box<Problem>> {
    let of_company = path.strip_prefix(COMPANY);
    let company = of_company.filter(|_| stream.name == "contacts");
    let (fields, path) = match company.zip(streams::find("companies")) {
        Some((rest, companies)) => (companies.fields, rest),
        None => (stream.fields, path),
    };
    let parts = path.split('.').count();
    if parts > MOST_PARTS || path.split('.').any(str::is_empty) {
        let message = match parts > MOST_PARTS {
            true => format!("the path has more than {MOST_PARTS} parts"),
            false => "the source path has an empty part".to_owned(),
        };
        return Err(Box::new(problem(place, "path", message)));
    }
    within(fields, path, place)
}

fn within(fields: &[Field], path: &str, place: &str) -> Result<Type, Box<Problem>> {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let Some(field) = fields.iter().find(|field| field.name() == name) else {
        let names: Vec<&str> = fields.iter().map(Field::name).collect();
        let message = "there is no such field";
        return Err(Box::new(unknown(
            place.to_owned(),
            "unknown_field",
            message,
            name,
            &names,
        )));
    };
    let kind = match *field.kind {
        Kind::Text | Kind::Reference => Type::Text,
        Kind::Epoch | Kind::Integer => Type::Number,
        Kind::Boolean => Type::Boolean,
        Kind::List => Type::List,
        Kind::Any => Type::Any,
        Kind::Attributes | Kind::Object | Kind::Nested(_) | Kind::Wrapped(..) | Kind::Elsewhere => {
            Type::Object
        }
    };
    match (rest, *field.kind) {
        ("", _) => Ok(kind),
        (rest, Kind::Nested(inner)) => within(inner, rest, place),
        (_, _) if matches!(kind, Type::Object | Type::List | Type::Any) => Ok(Type::Any),
        _ => Err(Box::new(problem(
            place,
            "path",
            format!("`{name}` is a {} and has no parts", kind.name()),
        ))),
    }
}
