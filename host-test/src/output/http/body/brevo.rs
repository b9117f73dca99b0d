//! Contacts as Brevo's import takes them: lists, and whether mails are unwanted, hold for a whole body, so that contacts of the
//! same lists are imported together.

use serde_json::{Map, Value};

use super::{Item, unfit};
use crate::contract::types::{Change, Entry};
use crate::output::OutputError;

/// A contact; `None` where the entry is a part of one that does not say whose.
pub(super) fn contact(entry: &Entry) -> Result<Option<Item>, OutputError> {
    let mut record: Map<String, Value> = serde_json::from_slice(&entry.payload)
        .map_err(|_| unfit(entry, "it is no JSON object".to_owned()))?;
    let Some(email) = record.get("email").and_then(Value::as_str) else {
        return match entry.change {
            Change::Patch => Ok(None),
            _ => Err(unfit(
                entry,
                "it has no `email`, and Brevo's import is for contacts; leave the stream out, or set http_output.form"
                    .to_owned(),
            )),
        };
    };
    let identity = Some(email.to_owned());
    let lists = record.remove("listIds");
    let unwanted = record.remove("emailBlacklisted") == Some(Value::Bool(true));
    let mut before = String::from("{\"updateExistingContacts\":true,\"disableNotification\":true");
    if let Some(lists) = lists {
        before.push_str(&format!(",\"listIds\":{lists}"));
    }
    if unwanted {
        before.push_str(",\"emailBlacklist\":true");
    }
    before.push_str(",\"jsonBody\":[");
    Ok(Some(Item {
        before,
        after: "]}",
        json: Value::Object(record).to_string().into_bytes(),
        identity,
    }))
}
