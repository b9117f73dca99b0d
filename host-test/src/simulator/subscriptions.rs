//! Which subscription types a contact is not in the default state of: out of one that is on unless somebody
//! opts out, into one that is off unless somebody opts in. The default states are not listed.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::catalogue::CatalogueKind as Kind;
use super::catalogue_table::View;
use super::contact_lists;
use super::errors::ApiError;
use super::links::Stamp;
use super::route::Route;
use super::version::ApiVersion;
use super::workspace::{State, Workspace};

pub(crate) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/contacts/{id}/subscriptions",
        "contacts",
        of_contact,
    ),
    Route::write("POST", "/contacts/{id}/subscriptions", "contacts", add),
    Route::write(
        "DELETE",
        "/contacts/{id}/subscriptions/{subscription_id}",
        "contacts",
        remove,
    ),
];

/// Ids of the subscription types count up from here.
pub(crate) const FIRST_TYPE_ID: u64 = 135;

/// What a contact has to do to leave the default state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    OptOut,
    OptIn,
}

impl Consent {
    /// The consent that the subscription type with this id wants.
    pub(crate) fn of(id: u64) -> Consent {
        if id.saturating_sub(FIRST_TYPE_ID).is_multiple_of(2) {
            Consent::OptOut
        } else {
            Consent::OptIn
        }
    }

    /// The name of this consent in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Consent::OptOut => "opt_out",
            Consent::OptIn => "opt_in",
        }
    }
}

/// Finds a subscription type by its id as text.
///
/// # Errors
/// 404 when there is none.
pub(crate) fn find(workspace: &Workspace, id: &str) -> Result<u64, ApiError> {
    let number = Kind::SubscriptionTypes.number(id);
    let state = workspace.read();
    number
        .filter(|number| {
            state
                .catalogue
                .shelf(Kind::SubscriptionTypes)
                .item(*number)
                .is_some()
        })
        .map(|number| FIRST_TYPE_ID.saturating_add(number))
        .ok_or_else(ApiError::resource_not_found)
}

/// A subscription type as the API renders it; nothing when it is no more.
pub(crate) fn render(
    workspace: &Workspace,
    state: &State,
    version: ApiVersion,
    id: u64,
) -> Option<Value> {
    let number = id.checked_sub(FIRST_TYPE_ID)?;
    let shelf = state.catalogue.shelf(Kind::SubscriptionTypes);
    let item = shelf.item(number)?;
    let view = View {
        version,
        listed: true,
    };
    Some(Kind::SubscriptionTypes.row().show(workspace, &item, view))
}

fn answer(workspace: &Workspace, call: &Call, id: u64) -> Outcome {
    let found = render(workspace, &workspace.read(), call.version, id);
    Answer::json(&found.ok_or_else(ApiError::resource_not_found)?)
}

fn of_contact(workspace: &Workspace, call: &Call) -> Outcome {
    let contact = contact_lists::contact(workspace, call)?;
    let subscriptions = contact.subscriptions.iter();
    let state = workspace.read();
    let data: Vec<Value> = subscriptions
        .filter_map(|id| render(workspace, &state, call.version, *id))
        .collect();
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
    let id = find(workspace, &id)?;
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
    answer(workspace, call, id)
}

fn remove(workspace: &Workspace, call: &Call) -> Outcome {
    let contact = contact_lists::contact(workspace, call)?;
    let id = find(workspace, call.parameter(1))?;
    workspace.subscribe(contact.number, id, false, Stamp::Now)?;
    answer(workspace, call, id)
}
