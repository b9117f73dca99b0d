//! Values of the attributes of tickets: which are valid, and what changes when they are written.

use serde_json::{Map, Value, json};

use super::errors::ApiError;
use super::search_test::whole_number;
use super::ticket_kind::{TicketAttribute, TicketKind};

/// The attributes that a request gives to a ticket of a kind, as they are kept: items of lists by their names.
///
/// # Errors
/// 400 for an attribute that the kind does not have, and for a value that it cannot have.
pub(crate) fn checked(
    kind: &TicketKind,
    given: Option<&Value>,
) -> Result<Map<String, Value>, ApiError> {
    let given = match given {
        None | Some(Value::Null) => return Ok(Map::new()),
        Some(Value::Object(given)) => given,
        Some(_) => {
            return Err(ApiError::parameter_invalid(
                "ticket_attributes must be of type object",
            ));
        }
    };
    let kept = |(name, value): (&String, &Value)| {
        let attribute = kind.attribute(name).ok_or_else(|| {
            ApiError::parameter_invalid(format!("Ticket attribute '{name}' does not exist"))
        })?;
        let kept = kept(attribute, value).ok_or_else(|| {
            ApiError::parameter_invalid(format!(
                "Ticket attribute '{name}' must be of type {}",
                attribute.data_type
            ))
        })?;
        Ok((name.clone(), kept))
    };
    given.iter().map(kept).collect()
}

/// # Errors
/// 400 when an attribute is missing without which no ticket of a kind is created.
pub(crate) fn check_complete(
    kind: &TicketKind,
    attributes: &Map<String, Value>,
) -> Result<(), ApiError> {
    let missing = |attribute: &&TicketAttribute| {
        attribute.required_to_create
            && !attribute.archived
            && attributes
                .get(&*attribute.name)
                .is_none_or(|value| value.is_null() || value == "")
    };
    match kind.attributes.iter().find(missing) {
        None => Ok(()),
        Some(_) => Err(ApiError::parameter_invalid(
            "Missing required ticket attributes",
        )),
    }
}

fn kept(attribute: &TicketAttribute, value: &Value) -> Option<Value> {
    let fits = match attribute.data_type {
        _ if value.is_null() => true,
        "list" => return items(attribute, value),
        "string" => value.is_string(),
        "integer" => return whole_number(value).map(|number| json!(number)),
        "decimal" => value.is_number(),
        "boolean" => value.is_boolean(),
        "datetime" => value.is_string() || value.is_i64(),
        _ => value.is_array(),
    };
    fits.then(|| value.clone())
}

/// The items of a list that a value names by their ids: one, or several where there may be several.
fn items(attribute: &TicketAttribute, value: &Value) -> Option<Value> {
    let item = |id: &Value| {
        let place = usize::try_from(whole_number(id)?).ok()?.checked_sub(1)?;
        Some(json!(attribute.items.get(place)?))
    };
    match value {
        Value::Array(ids) if attribute.allows_several => ids.iter().map(item).collect(),
        one => item(one),
    }
}
