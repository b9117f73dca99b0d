//! Changes to companies, by the API or by a test, and who belongs to them.

use std::borrow::Borrow;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::company::Company;
use super::contact_fields::{number, text};
use super::data_attributes;
use super::errors::ApiError;
use super::identifiers::{self, Kind};
use super::topics::Subject;
use super::workspace::{State, Workspace};

impl Workspace {
    /// Creates or changes the company with the `company_id` in `fields`, as `POST /companies` does; returns its id.
    /// Lists show a new company once a contact is attached to it.
    ///
    /// # Errors
    /// 400 without a `company_id` or for fields that are not valid.
    pub fn create_company(&self, fields: impl Borrow<Value>) -> Result<String, ApiError> {
        self.upsert_company(fields.borrow())
            .map(|company| company.id(self.options.seed))
    }

    /// Changes a company as `PUT /companies/{id}` does: `updated_at` becomes now, also for an empty patch.
    ///
    /// # Errors
    /// 404 when there is none, 400 for fields that are not valid.
    pub fn touch_company(&self, id: &str, patch: impl Borrow<Value>) -> Result<(), ApiError> {
        self.update_company(self.company_number(id)?, patch.borrow())
            .map(drop)
    }

    /// Lets somebody of a company make a request: the company comes to the front of lists by page number, and nothing else
    /// of it changes.
    ///
    /// # Errors
    /// 404 when there is none.
    pub fn request_from_company(&self, id: &str) -> Result<(), ApiError> {
        let number = self.company_number(id)?;
        self.change_company(|state, now| {
            let mut company = existing(state, number)?;
            company.last_request_at = Some(now);
            Ok((company, None))
        })
        .map(drop)
    }

    /// Deletes a company.
    ///
    /// # Errors
    /// 404 when there is none.
    pub fn delete_company(&self, id: &str) -> Result<(), ApiError> {
        self.remove_company(self.company_number(id)?).map(drop)
    }

    /// The number that a company's id leads to.
    pub(crate) fn company_number(&self, id: &str) -> Result<u64, ApiError> {
        identifiers::decode(self.options.seed, Kind::Company, id)
            .ok_or_else(ApiError::company_not_found)
    }

    pub(crate) fn upsert_company(&self, fields: &Value) -> Result<Company, ApiError> {
        let fields = object(fields)?;
        let company_id = text(
            "company_id",
            fields.get("company_id").unwrap_or(&Value::Null),
        )?;
        let company_id = company_id.filter(|company_id| !company_id.is_empty());
        let company_id =
            company_id.ok_or_else(|| ApiError::parameter_not_found("company_id is required"))?;
        self.change_company(|state, now| {
            let existing = state.companies.with_company_id(&company_id);
            let topic = if existing.is_some() {
                "company.updated"
            } else {
                "company.created"
            };
            let mut company = match existing {
                Some(company) => Company::clone(&company),
                None => Company::blank(0, company_id, now),
            };
            apply(state, &mut company, fields)?;
            if topic == "company.created" {
                company.number = state.companies.next_number();
            }
            company.updated_at = now;
            Ok((company, Some(topic)))
        })
    }

    pub(crate) fn update_company(&self, number: u64, patch: &Value) -> Result<Company, ApiError> {
        let patch = object(patch)?;
        self.change_company(|state, now| {
            let mut company = existing(state, number)?;
            apply(state, &mut company, patch)?;
            company.updated_at = now;
            Ok((company, Some("company.updated")))
        })
    }

    pub(crate) fn remove_company(&self, number: u64) -> Result<Company, ApiError> {
        self.change_company(|state, now| {
            let mut company = existing(state, number)?;
            company.deleted = true;
            company.updated_at = now;
            state.contacts.forget_company(number);
            Ok((company, Some("company.deleted")))
        })
    }

    /// Changes one company under the lock, stores it, and notifies with the topic if there is one.
    pub(crate) fn change_company(
        &self,
        act: impl FnOnce(&mut State, i64) -> Result<(Company, Option<&'static str>), ApiError>,
    ) -> Result<Company, ApiError> {
        let mut state = self.write();
        let (company, topic) = act(&mut state, self.now())?;
        state.companies.put(company.clone());
        if let Some(topic) = topic {
            self.tell(&state, topic, Subject::company(&company));
        }
        Ok(company)
    }
}

/// A company that was not deleted, to be changed.
pub(crate) fn existing(state: &State, number: u64) -> Result<Company, ApiError> {
    let company: Option<Arc<Company>> = state.companies.company(number);
    Ok(Company::clone(
        &*company.ok_or_else(ApiError::company_not_found)?,
    ))
}

/// Writes the fields of a request into a company. Unknown fields are passed over; the key never changes.
fn apply(
    state: &State,
    company: &mut Company,
    fields: &Map<String, Value>,
) -> Result<(), ApiError> {
    for (name, value) in fields {
        match name.as_str() {
            "name" => company.name = text(name, value)?,
            "plan" => company.plan = text(name, value)?,
            "size" => company.size = number(name, value)?,
            "website" => company.website = text(name, value)?,
            "industry" => company.industry = text(name, value)?,
            "remote_created_at" => company.remote_created_at = number(name, value)?,
            "monthly_spend" => {
                let most = i64::from(i32::MAX);
                company.monthly_spend = number(name, value)?.unwrap_or(0).min(most);
            }
            "custom_attributes" => match value {
                Value::Object(patch) => {
                    data_attributes::merge(
                        state,
                        "company",
                        &mut company.custom_attributes,
                        patch,
                    )?;
                }
                Value::Null => {}
                _ => return Err(ApiError::bad_request("bad 'custom_attributes' parameter")),
            },
            _ => {}
        }
    }
    Ok(())
}

fn object(fields: &Value) -> Result<&Map<String, Value>, ApiError> {
    fields
        .as_object()
        .ok_or_else(|| ApiError::bad_request("The body must be a JSON object"))
}
