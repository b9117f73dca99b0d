//! The fields of a request to write a contact: what is valid, and what is taken already.

use serde_json::{Map, Value};

use super::contact::{Contact, Role, Standing};
use super::data_attributes;
use super::errors::ApiError;
use super::search_test::whole_number;
use super::workspace::{State, Workspace};

impl Workspace {
    /// Writes the fields of a request into a contact. Unknown fields are passed over, as the API does.
    ///
    /// # Errors
    /// 400 for a value that cannot be taken.
    pub(crate) fn apply(
        &self,
        state: &State,
        contact: &mut Contact,
        fields: &Map<String, Value>,
    ) -> Result<(), ApiError> {
        for (name, value) in fields {
            match name.as_str() {
                "role" => {
                    contact.role = match value.as_str() {
                        Some("user") => Role::User,
                        Some("lead") => Role::Lead,
                        _ => return Err(ApiError::parameter_invalid("role must be user or lead")),
                    }
                }
                "external_id" => contact.external_id = text(name, value)?,
                "email" => contact.email = text(name, value)?,
                "phone" => contact.phone = text(name, value)?,
                "name" => contact.name = text(name, value)?,
                "avatar" => contact.avatar = text(name, value)?,
                "language_override" => contact.language_override = text(name, value)?,
                "signed_up_at" => contact.signed_up_at = number(name, value)?,
                "last_seen_at" => contact.last_seen_at = number(name, value)?,
                "owner_id" => {
                    let owner = number(name, value)?.filter(|owner| *owner != 0);
                    let known = |owner: i64| {
                        let teammates = &state.teammates;
                        teammates.find(&self.generator, &owner.to_string()).is_ok()
                    };
                    if owner.is_some_and(|owner| !known(owner)) {
                        return Err(ApiError::parameter_invalid(
                            "The owner specified is not a member of the workspace",
                        ));
                    }
                    contact.owner_id = owner;
                }
                "unsubscribed_from_emails" => match value {
                    Value::Bool(unsubscribed) => contact.unsubscribed_from_emails = *unsubscribed,
                    Value::Null => {}
                    _ => return Err(not_a(name, "boolean")),
                },
                "custom_attributes" => match value {
                    Value::Object(patch) => {
                        data_attributes::merge(
                            state,
                            "contact",
                            &mut contact.custom_attributes,
                            patch,
                        )?;
                    }
                    Value::Null => {}
                    _ => return Err(not_a(name, "object")),
                },
                _ => {}
            }
        }
        Ok(())
    }

    /// An external id belongs to one contact, and an email to one user; leads may share theirs.
    ///
    /// # Errors
    /// 409 with the id of the contact that is in the way, unless that is `own`.
    pub(crate) fn refuse_duplicates(
        &self,
        state: &State,
        contact: &Contact,
        own: Option<u64>,
    ) -> Result<(), ApiError> {
        let set = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let mut holders = Vec::new();
        if let Some(external_id) = set(&contact.external_id) {
            holders.extend(state.contacts.with_external_id(&external_id));
        }
        if let Some(email) = set(&contact.email).filter(|_| contact.role == Role::User) {
            let users = state.contacts.with_email(&email);
            holders.extend(users.into_iter().filter(|holder| holder.role == Role::User));
        }
        let holder = holders.into_iter().find(|holder| {
            Some(holder.number) != own
                && matches!(
                    holder.standing,
                    Standing::Live | Standing::Archived | Standing::Blocked
                )
        });
        let Some(holder) = holder else { return Ok(()) };
        if holder.standing == Standing::Blocked {
            return Err(ApiError::new(
                409,
                "not_restorable",
                "The contact matching those details is blocked and cannot be restored",
            ));
        }
        let what = match holder.standing {
            Standing::Archived => "An archived contact",
            _ => "A contact",
        };
        let id = holder.id(self.options.seed);
        let message = format!("{what} matching those details already exists with id={id}");
        Err(ApiError::new(409, "conflict", message))
    }
}

impl Contact {
    /// A user is known by its email or by its external id; a lead need not be.
    ///
    /// # Errors
    /// 400 for a user with neither.
    pub(crate) fn check_keys(&self) -> Result<(), ApiError> {
        let mut keys = [&self.email, &self.external_id].into_iter().flatten();
        let known = self.role == Role::Lead || keys.any(|key| !key.is_empty());
        known.then_some(()).ok_or_else(|| {
            ApiError::parameter_not_found(
                "A contact needs an email, an external_id or the role lead",
            )
        })
    }
}

/// A text; numbers are taken as their digits, null clears.
pub(crate) fn text(name: &str, value: &Value) -> Result<Option<String>, ApiError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(not_a(name, "string")),
    }
}

/// A whole number, also as text; null clears.
pub(crate) fn number(name: &str, value: &Value) -> Result<Option<i64>, ApiError> {
    if value.is_null() {
        return Ok(None);
    }
    whole_number(value)
        .map(Some)
        .ok_or_else(|| not_a(name, "integer"))
}

fn not_a(name: &str, wanted: &str) -> ApiError {
    ApiError::parameter_invalid(format!("{name} must be of type {wanted}"))
}
