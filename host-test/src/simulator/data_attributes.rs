//! Data attributes: the built-in ones and the custom ones of contacts and companies.

use serde_json::{Map, Value, json};

use super::attribute_table::BUILT_IN;
use super::call::{Answer, Call, Outcome};
use super::conversation_attributes;
use super::custom_attribute::DataAttribute;
use super::errors::ApiError;
use super::route::Route;
use super::search_fields::FieldKind;
use super::teammate;
use super::version::ApiVersion;
use super::workspace::{State, Workspace};

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/data_attributes", "data_attributes", list),
    Route::write("POST", "/data_attributes", "data_attributes", create),
    Route::write("PUT", "/data_attributes/{id}", "data_attributes", update),
];

const TYPES: &[&str] = &["string", "integer", "float", "boolean", "date", "datetime"];

fn built_in(model: &str) -> impl Iterator<Item = Value> {
    let rows = BUILT_IN.iter().filter(move |row| row.0 == model);
    rows.map(|(model, full_name, label, data_type, writable)| {
        json!({
            "type": "data_attribute",
            "name": full_name.rsplit('.').next(),
            "full_name": full_name,
            "label": label,
            "description": format!("{label} of a {model}"),
            "data_type": data_type,
            "api_writable": writable,
            "ui_writable": false,
            "messenger_writable": true,
            "custom": false,
            "archived": false,
            "model": model,
        })
    })
}

fn render(attribute: &DataAttribute) -> Value {
    let full_name = format!("custom_attributes.{}", attribute.name);
    let mut value = json!({
        "id": attribute.id,
        "type": "data_attribute",
        "name": attribute.name,
        "full_name": full_name,
        "label": attribute.name,
        "data_type": attribute.data_type,
        "api_writable": true,
        "ui_writable": false,
        "messenger_writable": attribute.messenger_writable,
        "custom": true,
        "archived": attribute.archived,
        "admin_id": teammate::id(0).to_string(),
        "created_at": attribute.created_at,
        "updated_at": attribute.updated_at,
        "model": attribute.model,
    });
    if let Some(description) = &attribute.description {
        value["description"] = json!(description);
    }
    if let Some(options) = &attribute.options {
        value["options"] = json!(options);
    }
    value
}

impl Workspace {
    /// The data attributes of `model` (`contact` or `company`), as the API renders them, without archived ones.
    pub fn data_attributes(&self, model: &str) -> Vec<Value> {
        all(self, Some(model), false)
    }
}

fn all(workspace: &Workspace, model: Option<&str>, with_archived: bool) -> Vec<Value> {
    let state = workspace.read();
    let models = ["contact", "company"];
    let wanted = models
        .into_iter()
        .filter(|each| model.is_none_or(|model| model == *each));
    wanted
        .flat_map(|model| {
            let custom = state.data_attributes.iter().filter(move |attribute| {
                attribute.model == model && (with_archived || !attribute.archived)
            });
            built_in(model).chain(custom.map(render))
        })
        .collect()
}

/// The kind of a custom attribute of contacts, for search.
pub(crate) fn contact_field_kind(state: &State, name: &str) -> Option<FieldKind> {
    let attribute = find(state, "contact", name)?;
    Some(match attribute.data_type.as_str() {
        "integer" | "float" => FieldKind::Number,
        "boolean" => FieldKind::Boolean,
        "date" | "datetime" => FieldKind::Date,
        _ => FieldKind::Text,
    })
}

fn find<'a>(state: &'a State, model: &str, name: &str) -> Option<&'a DataAttribute> {
    let mut attributes = state.data_attributes.iter();
    attributes
        .find(|attribute| attribute.model == model && attribute.name == name && !attribute.archived)
}

/// Writes custom attributes into an object: only those named change, null clears.
///
/// # Errors
/// 400 for an attribute that does not exist or a value of another type.
pub(crate) fn merge(
    state: &State,
    model: &str,
    into: &mut Map<String, Value>,
    patch: &Map<String, Value>,
) -> Result<(), ApiError> {
    for (name, value) in patch {
        let attribute = find(state, model, name).ok_or_else(|| {
            ApiError::parameter_invalid(format!("Custom attribute '{name}' does not exist"))
        })?;
        let fits = match attribute.data_type.as_str() {
            _ if value.is_null() => true,
            "string" => value.is_string() || value.is_number(),
            "integer" | "date" | "datetime" => super::search_test::whole_number(value).is_some(),
            "float" => {
                value.is_number()
                    || value
                        .as_str()
                        .is_some_and(|text| text.parse::<f64>().is_ok())
            }
            "boolean" => value.is_boolean() || matches!(value.as_str(), Some("true" | "false")),
            _ => false,
        };
        if !fits {
            return Err(ApiError::parameter_invalid(format!(
                "Custom attribute '{name}' must be of type {}",
                attribute.data_type
            )));
        }
        into.insert(name.clone(), typed(&attribute.data_type, value));
    }
    Ok(())
}

/// The value in the attribute's type; a value that fits may have come as text.
fn typed(data_type: &str, value: &Value) -> Value {
    match (data_type, value) {
        ("string", Value::Number(number)) => number.to_string().into(),
        ("integer" | "date" | "datetime", value) => super::search_test::whole_number(value).into(),
        ("float", Value::String(text)) => text.parse::<f64>().map_or(Value::Null, Value::from),
        ("boolean", Value::String(text)) => (text == "true").into(),
        _ => value.clone(),
    }
}

fn list(workspace: &Workspace, call: &Call) -> Outcome {
    let with_archived = call.flag("include_archived");
    let data = match call.query("model") {
        Some("conversation") if call.version >= ApiVersion::V2_16 => {
            return Err(ApiError::new(
                422,
                "parameter_invalid",
                "model=conversation is no longer supported. Use GET /conversations/attributes instead",
            ));
        }
        Some("conversation") => {
            conversation_attributes::as_data_attributes(workspace, with_archived)
        }
        model => all(workspace, model, with_archived),
    };
    Answer::json(&json!({"type": "list", "data": data}))
}

/// The options of a list, of which there are two at least.
fn options(fields: &Map<String, Value>) -> Result<Option<Vec<String>>, ApiError> {
    let invalid = |message: &str| ApiError::parameter_invalid(message);
    let given = match fields.get("options") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(options)) => options,
        Some(_) => return Err(invalid("Options isn't an array")),
    };
    let option = |option: &Value| {
        let option = option.as_str().or(option["value"].as_str());
        option.map(str::to_owned)
    };
    let options: Vec<String> = given.iter().filter_map(option).collect();
    if options.len() < 2 {
        return Err(invalid("The Data Attribute needs at least two options"));
    }
    Ok(Some(options))
}

/// Neither the name nor the type changes. An archived attribute can be brought back.
fn update(workspace: &Workspace, call: &Call) -> Outcome {
    let fields = call.fields()?;
    let options = options(fields)?;
    let mut state = workspace.write();
    let mut attributes = state.data_attributes.iter_mut();
    let attribute = attributes.find(|attribute| attribute.id.to_string() == call.parameter(0));
    let attribute = attribute.ok_or_else(|| {
        let message = "We couldn't find that data attribute to update";
        ApiError::new(404, "field_not_found", message)
    })?;
    for (name, place) in [
        ("archived", &mut attribute.archived),
        ("messenger_writable", &mut attribute.messenger_writable),
    ] {
        *place = fields.get(name).and_then(Value::as_bool).unwrap_or(*place);
    }
    if let Some(description) = fields.get("description").and_then(Value::as_str) {
        attribute.description = Some(description.to_owned());
    }
    if options.is_some() {
        attribute.options = options;
    }
    attribute.updated_at = workspace.now();
    Answer::json(&render(attribute))
}

fn create(workspace: &Workspace, call: &Call) -> Outcome {
    let invalid = |message: &str| ApiError::parameter_invalid(message);
    let fields = call.fields()?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let model = text("model").filter(|model| matches!(*model, "contact" | "company"));
    let model = model.ok_or_else(|| {
        invalid("The Data Attribute model field must be either contact or company")
    })?;
    let name = text("name").unwrap_or_default();
    let allowed = |character: char| character.is_alphanumeric() || " -_$€£¥".contains(character);
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(invalid(
            "Your name for this attribute must only contain alphanumeric characters, currency symbols, and hyphens",
        ));
    }
    let options = options(fields)?;
    let data_type = match text("data_type") {
        Some("options") if options.is_some() => "string",
        Some(data_type) if TYPES.contains(&data_type) => data_type,
        _ => return Err(invalid("Data Type isn't an option")),
    };
    let mut state = workspace.write();
    let mut attributes = state.data_attributes.iter();
    let taken = attributes.find(|attribute| attribute.name == name);
    let taken = taken.map(|taken| taken.model.clone());
    let is_built_in = built_in(model).any(|attribute| attribute["name"] == name);
    if let Some(taken) = taken.or_else(|| is_built_in.then(|| model.to_owned())) {
        let words = |model: &str| {
            if model == "contact" {
                "people"
            } else {
                "company"
            }
        };
        let (existing, new) = (words(&taken), words(model));
        return Err(ApiError::parameter_invalid(format!(
            "You already have '{name}' in your {existing} data. To save this as new {new} data, use a different name."
        )));
    }
    let attribute = DataAttribute {
        id: state.data_attributes.last().map_or(1, |last| last.id + 1),
        model: model.to_owned(),
        name: name.to_owned(),
        data_type: data_type.to_owned(),
        description: text("description").map(str::to_owned),
        options,
        messenger_writable: fields.get("messenger_writable") == Some(&Value::Bool(true)),
        archived: false,
        created_at: workspace.now(),
        updated_at: workspace.now(),
    };
    let answer = Answer::json(&render(&attribute));
    state.data_attributes.push(attribute);
    answer
}
