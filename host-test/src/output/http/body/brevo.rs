//! Contacts as Brevo's import takes them: lists, and whether mails are unwanted, hold for a whole body, so that contacts of the
//! same lists are imported together. Events with the names that it takes.

use serde_json::{Map, Value};

use super::{Item, unfit};
use crate::contract::types::Entry;
use crate::output::OutputError;

/// The longest name of an event's property.
const LONGEST_NAME: usize = 255;

/// A contact.
pub(super) fn contact(entry: &Entry) -> Result<Item, OutputError> {
    let mut record = record(entry)?;
    let Some(email) = record.get("email").and_then(Value::as_str) else {
        return Err(unfit(
            entry,
            "it has no `email`, and Brevo's import is for contacts; leave the stream out, or set http_output.form"
                .to_owned(),
        ));
    };
    let identity = Some(email.to_owned());
    let lists = match record.remove("listIds") {
        Some(Value::Array(lists)) => each_once(lists),
        _ => Vec::new(),
    };
    let listless = lists.is_empty();
    let unwanted = record.remove("emailBlacklisted") == Some(Value::Bool(true));
    let mut before = String::from("{\"updateExistingContacts\":true,\"disableNotification\":true");
    if !listless {
        before.push_str(&format!(",\"listIds\":{}", Value::from(lists)));
    }
    if unwanted {
        before.push_str(",\"emailBlacklist\":true");
    }
    before.push_str(",\"jsonBody\":[");
    Ok(Item {
        before,
        after: "]}",
        json: Value::Object(record).to_string().into_bytes(),
        identity,
        listless,
    })
}

/// An event. Names of its properties may hold letters and digits of ASCII, `-` and `_`; two of them stay two.
pub(super) fn event(entry: &Entry) -> Result<Vec<u8>, OutputError> {
    let mut record = record(entry)?;
    if let Some(Value::Object(properties)) = record.get_mut("event_properties") {
        let mut named = Map::new();
        for (name, value) in std::mem::take(properties) {
            let mut name: String = name.chars().map(plain).take(LONGEST_NAME).collect();
            while named.contains_key(&name) {
                name.truncate(LONGEST_NAME - 1);
                name.push('_');
            }
            if !value.is_null() {
                named.insert(name, value);
            }
        }
        *properties = named;
    }
    Ok(Value::Object(record).to_string().into_bytes())
}

fn record(entry: &Entry) -> Result<Map<String, Value>, OutputError> {
    serde_json::from_slice(&entry.payload)
        .map_err(|_| unfit(entry, "it is no JSON object".to_owned()))
}

fn plain(letter: char) -> char {
    match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => letter,
        _ => '_',
    }
}

/// Lists in one order, so that contacts of the same ones are together.
fn each_once(mut lists: Vec<Value>) -> Vec<Value> {
    lists.sort_by_key(|list| (list.as_i64(), list.to_string()));
    lists.dedup();
    lists
}
