//! Values of the custom attributes of conversations: which are valid, and what changes when they are written.

use serde_json::{Map, Value};

use super::conversation_attribute_table::ConversationAttribute;
use super::errors::ApiError;
use super::search_test::whole_number;
use super::workspace::Workspace;

/// The attributes that a request writes; null clears one.
///
/// # Errors
/// 400 for an attribute that does not exist and for a value that it cannot have.
pub(crate) fn checked(
    workspace: &Workspace,
    patch: &Map<String, Value>,
) -> Result<Map<String, Value>, ApiError> {
    let all = workspace.read().conversation_attributes.clone();
    for (name, value) in patch {
        let mut known = all.iter().filter(|known| !known.archived);
        let attribute = known.find(|known| known.name == *name).ok_or_else(|| {
            ApiError::parameter_invalid(format!("Custom attribute '{name}' does not exist"))
        })?;
        if !value.is_null() && !fits(attribute, value) {
            let data_type = attribute.data_type;
            return Err(ApiError::parameter_invalid(format!(
                "Custom attribute '{name}' must be of type {data_type}"
            )));
        }
    }
    Ok(patch.clone())
}

fn fits(attribute: &ConversationAttribute, value: &Value) -> bool {
    match attribute.data_type {
        "list" => attribute
            .options
            .iter()
            .any(|option| value == option.as_ref()),
        "integer" => whole_number(value).is_some(),
        "decimal" => value.is_number(),
        "boolean" => value.is_boolean(),
        "datetime" => whole_number(value).is_some() || value.is_string(),
        _ => value.is_string() || value.is_number(),
    }
}
