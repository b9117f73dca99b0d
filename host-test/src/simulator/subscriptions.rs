//! Subscription types, and which of them a contact is not in the default state of: out of one that is on unless somebody
//! opts out, into one that is off unless somebody opts in. The default states are not listed.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::contact_lists;
use super::errors::ApiError;
use super::generator::Generator;
use super::links::Stamp;
use super::route::Route;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/subscription_types", "subscription_types", list),
    Route::new(
        "GET",
        "/contacts/{id}/subscriptions",
        "contacts",
        of_contact,
    ),
    Route::new("POST", "/contacts/{id}/subscriptions", "contacts", add),
    Route::new(
        "DELETE",
        "/contacts/{id}/subscriptions/{subscription_id}",
        "contacts",
        remove,
    ),
];

/// Ids of the subscription types count up from here.
pub(crate) const FIRST_SUBSCRIPTION_TYPE_ID: u64 = 91;

/// What a contact has to do to leave the default state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    OptOut,
    OptIn,
}

impl Consent {
    /// The consent that the subscription type with this id wants.
    pub(crate) fn of(id: u64) -> Consent {
        if (id - FIRST_SUBSCRIPTION_TYPE_ID.min(id)).is_multiple_of(2) {
            Consent::OptOut
        } else {
            Consent::OptIn
        }
    }

    fn name(self) -> &'static str {
        match self {
            Consent::OptOut => "opt_out",
            Consent::OptIn => "opt_in",
        }
    }
}

/// Names of subscription types, repeated with a number where there are more.
const NAMES: &[&str] = &["Newsletters", "Announcements", "Surveys", "Événements"];

fn subscription_type(id: u64) -> Value {
    let index = id.saturating_sub(FIRST_SUBSCRIPTION_TYPE_ID);
    let (turn, at) = (index / NAMES.len() as u64, index as usize % NAMES.len());
    let name = NAMES.get(at).copied().unwrap_or_default();
    let name = if turn == 0 {
        name.to_owned()
    } else {
        format!("{name} {}", turn + 1)
    };
    let translation = json!({"name": name, "description": "What we send", "locale": "en"});
    let consent = Consent::of(id);
    json!({
        "type": "subscription",
        "id": id.to_string(),
        "state": "live",
        "consent_type": consent.name(),
        "default_translation": translation,
        "translations": [translation],
        "content_types": [if consent == Consent::OptOut { "email" } else { "sms_message" }],
    })
}

/// Finds a subscription type by its id as text.
///
/// # Errors
/// 404 when there is none.
pub(crate) fn find(generator: &Generator, id: &str) -> Result<u64, ApiError> {
    let id: Option<u64> = id.parse().ok();
    let end = FIRST_SUBSCRIPTION_TYPE_ID.saturating_add(generator.subscription_types);
    id.filter(|id| (FIRST_SUBSCRIPTION_TYPE_ID..end).contains(id))
        .ok_or_else(ApiError::resource_not_found)
}

impl Workspace {
    /// The subscription types, as the API renders them.
    pub fn subscription_types(&self) -> Vec<Value> {
        (0..self.generator.subscription_types)
            .map(|index| subscription_type(FIRST_SUBSCRIPTION_TYPE_ID + index))
            .collect()
    }
}

fn list(workspace: &Workspace, _: &Call) -> Outcome {
    Answer::json(&json!({"type": "list", "data": workspace.subscription_types()}))
}

fn of_contact(workspace: &Workspace, call: &Call) -> Outcome {
    let contact = contact_lists::contact(workspace, call)?;
    let subscriptions = contact.subscriptions.iter();
    let data: Vec<Value> = subscriptions.map(|id| subscription_type(*id)).collect();
    Answer::json(&json!({"type": "list", "data": data}))
}

/// A contact leaves the default state when it consents to what the type asks for, and comes back to it otherwise.
fn add(workspace: &Workspace, call: &Call) -> Outcome {
    let contact = contact_lists::contact(workspace, call)?;
    let fields = call.fields()?;
    let id = match fields.get("id") {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => String::new(),
    };
    let id = find(&workspace.generator, &id)?;
    let differs = match fields.get("consent_type").and_then(Value::as_str) {
        Some("opt_out") => Consent::of(id) == Consent::OptOut,
        Some("opt_in") => Consent::of(id) == Consent::OptIn,
        _ => {
            return Err(ApiError::parameter_invalid(
                "consent_type must be opt_in or opt_out",
            ));
        }
    };
    workspace.subscribe(contact.number, id, differs, Stamp::Now)?;
    Answer::json(&subscription_type(id))
}

fn remove(workspace: &Workspace, call: &Call) -> Outcome {
    let contact = contact_lists::contact(workspace, call)?;
    let id = find(&workspace.generator, call.parameter(1))?;
    workspace.subscribe(contact.number, id, false, Stamp::Now)?;
    Answer::json(&subscription_type(id))
}
