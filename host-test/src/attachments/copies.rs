//! Where copies go: a directory, or a place that takes them by PUT. A copy's name has a hash of what is in it, so that the same
//! file has the same name, and another one has another.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::fetch::File;
use crate::connection_file::{AttachmentSettings, CopyTo};
use crate::http_client::{HttpClient, HttpClientError, HttpOptions};

/// Characters of a name that are kept.
const LONGEST_NAME: usize = 80;

/// Keeps copies.
pub(super) struct Copies {
    place: Place,
    /// What stands before their names in records.
    url: Option<Url>,
}

enum Place {
    Directory(PathBuf),
    Url {
        client: HttpClient,
        prefix: Url,
        headers: HeaderMap,
    },
}

impl Copies {
    pub(super) fn new(
        copy_to: &CopyTo,
        settings: &AttachmentSettings,
    ) -> Result<Copies, HttpClientError> {
        let public = settings.public_url.clone();
        Ok(match copy_to {
            CopyTo::Directory(path) => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                Copies {
                    url: public.or_else(|| Url::from_directory_path(&path).ok()),
                    place: Place::Directory(path),
                }
            }
            CopyTo::Url(prefix) => Copies {
                url: public.or_else(|| Some(prefix.clone())),
                place: Place::Url {
                    client: HttpClient::new(HttpOptions::default())?,
                    prefix: prefix.clone(),
                    headers: settings.headers.clone(),
                },
            },
        })
    }

    /// Whether a URL is that of a copy.
    pub(super) fn are_at(&self, url: &str) -> bool {
        let own = self.url.as_ref();
        own.is_some_and(|own| url.starts_with(own.as_str()))
    }

    /// Where the copy of a URL is: a path, or the URL that it was put to. `None`: it is no copy.
    pub(super) fn place_of(&self, url: &str) -> Option<String> {
        let name = url.strip_prefix(self.url.as_ref()?.as_str())?;
        match &self.place {
            Place::Directory(directory) => Some(directory.join(name).display().to_string()),
            Place::Url { prefix, .. } => joined(prefix, name).map(String::from).ok(),
        }
    }

    /// Keeps a file; gives the URL of its copy. What is wrong is said without any URL.
    pub(super) async fn keep(&self, name: &str, file: File) -> Result<String, String> {
        let File {
            bytes,
            media_type,
            name: other,
        } = file;
        let name = copy_name(&bytes, if name.is_empty() { &other } else { name });
        match &self.place {
            Place::Directory(directory) => {
                let (directory, name) = (directory.clone(), name.clone());
                tokio::task::spawn_blocking(move || store(&directory, &name, &bytes))
                    .await
                    .map_err(io::Error::other)
                    .and_then(|stored| stored)
                    .map_err(|error| format!("the copy cannot be stored: {error}"))?;
            }
            Place::Url {
                client,
                prefix,
                headers,
            } => {
                let url = joined(prefix, &name)?;
                let request = client
                    .client_for(&url)
                    .put(url)
                    .headers(headers.clone())
                    .header(CONTENT_TYPE, media_type)
                    .body(bytes);
                let answer = request.send().await.map_err(|error| {
                    crate::capabilities::http::describe_failure("the copy cannot be stored", &error)
                })?;
                if !answer.status().is_success() {
                    let status = answer.status();
                    return Err(format!(
                        "the copy cannot be stored: the answer was {status}"
                    ));
                }
            }
        }
        match &self.url {
            Some(own) => joined(own, &name).map(String::from),
            None => Err("the directory's path is no URL".to_owned()),
        }
    }
}

fn joined(prefix: &Url, name: &str) -> Result<Url, String> {
    prefix
        .join(name)
        .map_err(|error| format!("the copy's URL is none: {error}"))
}

/// Writes a copy as a whole: somebody who looks finds all of it or nothing.
fn store(directory: &Path, name: &str, bytes: &Bytes) -> io::Result<()> {
    let path = directory.join(name);
    if path.exists() {
        // Its name says what is in it.
        return Ok(());
    }
    std::fs::create_dir_all(directory)?;
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

/// A hash of the content, and of the name what every file system and URL takes.
fn copy_name(bytes: &[u8], name: &str) -> String {
    let digest = Sha256::digest(bytes);
    let hash: String = digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let letters = name.chars().rev().take(LONGEST_NAME);
    let kept: String = letters
        .map(|letter| if plain(letter) { letter } else { '-' })
        .collect();
    // The end of a name says what kind of file it is.
    let kept: String = kept.chars().rev().collect();
    format!("{hash}-{kept}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_of_the_content() {
        let name = copy_name(b"x", "../../a b\u{202e}ü.PDF");
        assert!(name.ends_with("-..-..-a-b--.PDF"), "{name}");
        assert!(!name.contains('/'));
        assert_eq!(copy_name(b"x", "a")[..32], copy_name(b"x", "b")[..32]);
        assert_ne!(copy_name(b"x", "a"), copy_name(b"y", "a"));
        let long = copy_name(b"x", &format!("{}.pdf", "n".repeat(1_000)));
        assert!(long.len() <= 33 + LONGEST_NAME && long.ends_with(".pdf"));
        assert_eq!(copy_name(b"", "").len(), 33);
    }
}
