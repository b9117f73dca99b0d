//! Whether an answer makes sense, as far as the contract says what sense is. A host that stored what does not would break the
//! output, or itself at the next start.

use serde::de::IgnoredAny;

use crate::contract::connector::{Batch, Descriptor, Outcome, Page, Verdict};
use crate::contract::types::{Entry, Intent};
use crate::guest_text::clean;

/// Bytes of a row's key, or of an intent's id.
const KEY_BYTES: usize = 8 * 1024;
/// Bytes of a cursor. The largest ones remember some thousand parents or fingerprints.
const CURSOR_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of a delivery's id.
const ID_BYTES: usize = 1024;
/// Bytes of a name.
const NAME_BYTES: usize = 128;
/// Bytes of a text for people.
const TEXT_BYTES: usize = 1024;

/// Says what is wrong with what a component says that it is. People choose it by that, and agree to what it asks for: names are
/// words, and no text can hide or forge a line of what is shown to them.
pub(super) fn descriptor(descriptor: &Descriptor) -> Result<(), String> {
    let Descriptor {
        auth_methods,
        endpoints,
        streams,
        actions,
        topics,
        ..
    } = descriptor;
    let methods = auth_methods.iter();
    let modes = actions.iter().flat_map(|action| &action.modes);
    let regions = || endpoints.iter().flat_map(|endpoint| &endpoint.regions);
    let names = [&descriptor.name, &descriptor.version].into_iter();
    let names = names
        .chain(&descriptor.api_versions)
        .chain(methods.clone().map(|method| &method.name))
        .chain(endpoints.iter().map(|endpoint| &endpoint.name))
        .chain(regions().map(|region| &region.name))
        .chain(streams.iter().map(|stream| &stream.name))
        .chain(actions.iter().map(|action| &action.name))
        .chain(modes)
        .chain(topics.iter().map(|topic| &topic.name));
    let permissions = streams.iter().map(|stream| &stream.permission);
    let permissions = permissions
        .chain(actions.iter().map(|action| &action.permission))
        .chain(topics.iter().map(|topic| &topic.permission))
        .flatten();
    let exchanges = methods
        .clone()
        .filter_map(|method| method.exchange.as_ref());
    let texts = permissions
        .chain(regions().map(|region| &region.base_url))
        .chain(methods.map(|method| &method.header.name))
        .chain(exchanges.flat_map(|exchange| [&exchange.endpoint, &exchange.target]));
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte);
    let is_name = |text: &str| (1..=NAME_BYTES).contains(&text.len()) && text.bytes().all(letter);
    let shown = |text: &str| clean(text, NAME_BYTES);
    for name in names {
        if !is_name(name) {
            let shown = shown(name);
            return Err(format!(
                "`{shown}` is no name: up to {NAME_BYTES} letters, digits, `-`, `_`, `.` and `+`"
            ));
        }
    }
    for text in texts {
        if clean(text, TEXT_BYTES) != *text {
            return Err(format!("`{}` is no text of one line", shown(text)));
        }
    }
    Ok(())
}

/// Says what is wrong with a page.
pub(super) fn page(descriptor: &Descriptor, page: &Page) -> Result<(), String> {
    entries(descriptor, &page.entries)?;
    for (name, cursor) in [("next", &page.next), ("checkpoint", &page.checkpoint)] {
        let Some(cursor) = cursor else { continue };
        if cursor.len() > CURSOR_BYTES {
            return Err(format!("`{name}` has {} bytes", cursor.len()));
        }
        let formats = &descriptor.cursor_formats;
        match cursor.first() {
            None => return Err(format!("`{name}` is empty")),
            Some(format) if *format == formats.writes || formats.reads.contains(format) => {}
            Some(format) => {
                return Err(format!(
                    "`{name}` is of format {format}, which is none of its own"
                ));
            }
        }
    }
    intents(&page.intents)
}

/// Says what is wrong with a verdict about a delivery.
pub(super) fn verdict(descriptor: &Descriptor, verdict: &Verdict) -> Result<(), String> {
    let id = match verdict {
        Verdict::Accepted(accepted) => {
            entries(descriptor, &accepted.entries)?;
            intents(&accepted.intents)?;
            &accepted.id
        }
        Verdict::Ignored(ignored) => &ignored.id,
        Verdict::Ping(_) | Verdict::Rejected(_) => return Ok(()),
    };
    match id.len() {
        1..=ID_BYTES => Ok(()),
        length => Err(format!("the delivery's id has {length} bytes")),
    }
}

/// Says what is wrong with intents: each has an id and an object.
fn intents(intents: &[Intent]) -> Result<(), String> {
    for (index, intent) in intents.iter().enumerate() {
        if !(1..=KEY_BYTES).contains(&intent.id.len()) {
            return Err(format!(
                "intent {index} has an id of {} bytes",
                intent.id.len()
            ));
        }
        if !is_object(&intent.record) {
            return Err(format!("the record of intent {index} is no JSON object"));
        }
    }
    Ok(())
}

/// Says what is wrong with outcomes; there are as many as rows.
pub(super) fn outcomes(batch: &Batch, outcomes: &[Outcome]) -> Result<(), String> {
    let differs = batch
        .rows
        .iter()
        .zip(outcomes)
        .position(|(row, outcome)| row.key != outcome.key);
    match differs {
        Some(index) => Err(format!(
            "outcome {index} is about another row than the one at its place"
        )),
        None => Ok(()),
    }
}

/// Says what is wrong with entries: each is a row of a stream that the component has, with a key and an object.
pub(super) fn entries<'a>(
    descriptor: &Descriptor,
    entries: impl IntoIterator<Item = &'a Entry>,
) -> Result<(), String> {
    // Most entries of a call are of one stream.
    let mut known = "";
    for (index, entry) in entries.into_iter().enumerate() {
        if entry.stream != known {
            let mut streams = descriptor.streams.iter();
            if !streams.any(|stream| stream.name == entry.stream) {
                return Err(format!(
                    "entry {index} is of a stream that it does not have"
                ));
            }
            known = &entry.stream;
        }
        if !(1..=KEY_BYTES).contains(&entry.key.len()) {
            return Err(format!(
                "entry {index} has a key of {} bytes",
                entry.key.len()
            ));
        }
        if !is_object(&entry.payload) {
            return Err(format!("the payload of entry {index} is no JSON object"));
        }
    }
    Ok(())
}

/// Whether this is one JSON object, with nothing around it: outputs copy it as it is.
fn is_object(document: &[u8]) -> bool {
    matches!(document, [b'{', .., b'}'])
        && str::from_utf8(document)
            .is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
}
