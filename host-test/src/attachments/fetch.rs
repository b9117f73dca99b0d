//! Downloads, with everything that may be wrong with them.

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Client, Response, redirect, retry};
use url::{Host, Url};

use super::private_network::{is_private, public_addresses};
use crate::connection_file::AttachmentSettings;
use crate::http_client::{HttpClient, HttpClientError, HttpOptions, is_loopback};

/// Redirects that are followed.
const MOST_REDIRECTS: usize = 5;

/// A file that was downloaded.
pub(super) struct File {
    pub(super) bytes: Bytes,
    /// Its type as the answer has it, without parameters.
    pub(super) media_type: String,
    /// The last part of its URL's path.
    pub(super) name: String,
}

/// Downloads files.
pub(super) struct Fetcher {
    client: Client,
    /// For files of this machine, where they are taken.
    loopback: Option<HttpClient>,
    max_bytes: usize,
    types: Vec<String>,
}

impl Fetcher {
    pub(super) fn new(
        settings: &AttachmentSettings,
        loopback: bool,
    ) -> Result<Fetcher, HttpClientError> {
        let loopback = loopback
            .then(|| HttpClient::new(HttpOptions::default()))
            .transpose()?;
        let options = HttpOptions::default();
        // A proxy would look names up itself and reach what this machine must not.
        let client = Client::builder()
            .user_agent(options.user_agent)
            .connect_timeout(options.connect_time)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .https_only(true)
            .dns_resolver(public_addresses())
            .build()
            .map_err(HttpClientError::of)?;
        Ok(Fetcher {
            client,
            loopback,
            max_bytes: settings.max_bytes,
            types: settings.types.clone(),
        })
    }

    /// Downloads a file. What is wrong is said without the URL.
    pub(super) async fn fetch(&self, url: &str) -> Result<File, String> {
        let mut url = Url::parse(url).map_err(|error| format!("its URL is none: {error}"))?;
        for _ in 0..=MOST_REDIRECTS {
            let request = self.client_for(&url)?.get(url.clone());
            let answer = request.send().await.map_err(|error| lost(&error))?;
            if !answer.status().is_redirection() {
                return self.read(answer, &url).await;
            }
            let location = answer.headers().get(LOCATION);
            let location = location.and_then(|location| location.to_str().ok());
            let next = location.and_then(|location| url.join(location).ok());
            url = next.ok_or_else(|| format!("{} without a place to go on", answer.status()))?;
        }
        Err(format!("more than {MOST_REDIRECTS} redirects"))
    }

    /// The client for a URL that may be asked.
    fn client_for(&self, url: &Url) -> Result<&Client, String> {
        if let Some(client) = &self.loopback
            && is_loopback(url)
        {
            return Ok(client.client_for(url));
        }
        if url.scheme() != "https" {
            return Err("only https is taken".to_owned());
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            // What a name leads to is looked at when it is connected to.
            _ => None,
        };
        match address.is_some_and(is_private) {
            true => Err("it is in a private network".to_owned()),
            false => Ok(&self.client),
        }
    }

    async fn read(&self, mut answer: Response, url: &Url) -> Result<File, String> {
        let status = answer.status();
        if !status.is_success() {
            return Err(format!("the answer was {status}"));
        }
        let media_type = media_type(&answer);
        if !self.types.is_empty() && !self.types.iter().any(|wanted| fits(wanted, &media_type)) {
            return Err(format!("{media_type} is not among attachments.types"));
        }
        let too_large = || format!("it has more than {} bytes", self.max_bytes);
        let announced = answer.content_length().unwrap_or(0);
        if usize::try_from(announced).map_or(true, |announced| announced > self.max_bytes) {
            return Err(too_large());
        }
        let mut bytes = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| lost(&error))? {
            if bytes.len() + chunk.len() > self.max_bytes {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        let name = url.path_segments().and_then(Iterator::last);
        Ok(File {
            bytes: bytes.freeze(),
            media_type,
            name: name.unwrap_or_default().to_owned(),
        })
    }
}

fn lost(error: &reqwest::Error) -> String {
    crate::capabilities::http::describe_failure("no answer", error)
}

/// The type of an answer's body, as it says; told as unknown where it is no type.
fn media_type(answer: &Response) -> String {
    let text = answer.headers().get(CONTENT_TYPE);
    let text = text.and_then(|text| text.to_str().ok()).unwrap_or_default();
    let text = text.split(';').next().unwrap_or_default().trim();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-.+_/".contains(letter);
    match !text.is_empty() && text.len() <= 100 && text.chars().all(plain) {
        true => text.to_ascii_lowercase(),
        false => "application/octet-stream".to_owned(),
    }
}

/// Whether a type is one that is wanted: `image/*` wants all images.
fn fits(wanted: &str, media_type: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(class) => media_type.starts_with(class),
        None => wanted == media_type,
    }
}
