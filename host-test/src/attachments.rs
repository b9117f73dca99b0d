//! Files that records name by their URLs, copied to a place of the host's own before a record goes on: the provider's URLs end
//! after a while. What cannot be copied is named in the record and holds up nothing.
//!
//! The URLs come from outside, and so may name anything. Only https is taken, no credential is sent, and no address of a
//! private network is asked, whatever a redirect or a name leads to. They are secrets, and are repeated nowhere.

mod copies;
mod fetch;
mod private_network;
#[cfg(test)]
mod tests;

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use url::Url;

use self::copies::Copies;
use self::fetch::Fetcher;
use crate::connection_file::{AttachmentSettings, ConnectionFile};
use crate::http_client::{HttpClientError, is_loopback};

/// Files of one record that are copied at the same time.
const AT_ONCE: usize = 4;

/// How much longer than one file all files of a record may take.
const TIMES: u32 = 4;

/// The member that names files: a list of objects with a `url`.
const MEMBER: &str = "attachments";

/// Copies what records name.
pub struct Attachments {
    fetcher: Fetcher,
    copies: Copies,
    timeout: Duration,
}

impl Attachments {
    /// What a connection wants to have copied; `None` when it wants nothing.
    ///
    /// Where the connection's `endpoint` is on this machine, as a simulator is, files of this machine are taken as well.
    ///
    /// # Errors
    /// When there can be no HTTP client.
    pub fn of(connection: &ConnectionFile) -> Result<Option<Attachments>, HttpClientError> {
        let endpoint = connection.endpoint.as_deref();
        let endpoint = endpoint.and_then(|endpoint| Url::parse(endpoint).ok());
        Attachments::new(
            &connection.attachments,
            endpoint.as_ref().is_some_and(is_loopback),
        )
    }

    fn new(
        settings: &AttachmentSettings,
        loopback: bool,
    ) -> Result<Option<Attachments>, HttpClientError> {
        let Some(copy_to) = &settings.copy_to else {
            return Ok(None);
        };
        Ok(Some(Attachments {
            fetcher: Fetcher::new(settings, loopback)?,
            copies: Copies::new(copy_to, settings)?,
            timeout: settings.timeout,
        }))
    }

    /// The record with its attachments copied: call it before a record is handed on, an intent's above all.
    ///
    /// Each object with a `url` in a list `attachments`, wherever that stands in the record, is downloaded. Its `url` then
    /// is the copy's; where that fails it stays, and a text `error` beside it says why. Everything else stays as it is.
    /// Ends after four times `attachments.timeout` at the latest, and never fails. A record that comes again is copied
    /// again, to the same place; a copy is not copied.
    pub async fn copy(&self, mut record: Value) -> Value {
        let mut found = Vec::new();
        collect(&mut record, &mut found);
        let end = Instant::now() + self.timeout * TIMES;
        stream::iter(found)
            .for_each_concurrent(AT_ONCE, |attachment| self.copy_one(attachment, end))
            .await;
        record
    }

    /// Where the copies are that a record names: paths, or URLs where they were put elsewhere.
    pub fn places(&self, record: &mut Value) -> Vec<String> {
        let mut found = Vec::new();
        collect(record, &mut found);
        let urls = found.iter().filter_map(|item| item.get("url")?.as_str());
        urls.filter_map(|url| self.copies.place_of(url)).collect()
    }

    async fn copy_one(&self, attachment: &mut Value, end: Instant) {
        let text = |name: &str| attachment.get(name).and_then(Value::as_str);
        let url = text("url").unwrap_or_default();
        if self.copies.are_at(url) {
            return;
        }
        let name = text("name").unwrap_or_default();
        let until = end.min(Instant::now() + self.timeout);
        let copied = timeout_at(until, async {
            let file = self.fetcher.fetch(url).await?;
            self.copies.keep(name, file).await
        });
        let copied = copied
            .await
            .unwrap_or_else(|_| Err("it took too long".to_owned()));
        let (member, value) = match copied {
            Ok(url) => ("url", url),
            Err(why) => {
                tracing::warn!("an attachment was not copied: {why}");
                ("error", format!("not copied: {why}"))
            }
        };
        if let Value::Object(members) = attachment {
            members.remove("error");
            members.insert(member.to_owned(), Value::String(value));
        }
    }
}

/// Everything in a value that names a file.
fn collect<'a>(value: &'a mut Value, found: &mut Vec<&'a mut Value>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| collect(item, found)),
        Value::Object(members) => {
            for (name, value) in members {
                if name != MEMBER {
                    collect(value, found);
                } else if let Value::Array(items) = value {
                    let named = |item: &&mut Value| item.get("url").is_some_and(Value::is_string);
                    found.extend(items.iter_mut().filter(named));
                }
            }
        }
        _ => {}
    }
}
