//! A tenant's credential: the header that requests carry, read again when the provider refuses it.

use std::error::Error;
use std::sync::{Arc, PoisonError, RwLock};

use http::{HeaderName, HeaderValue};
use tokio::sync::Mutex;

use super::TenantError;
use crate::contract::connector::AuthMethod;
use crate::secret::Secret;

/// A place where a credential is kept and can be replaced while a tenant lives.
pub trait CredentialSource: Send + Sync {
    /// Reads the credential; `None` where there is none. May block. An error's text holds no credential.
    fn read(&self) -> Result<Option<Secret>, Box<dyn Error + Send + Sync>>;
}

/// A header that carries a credential, marked as sensitive.
type Header = (HeaderName, HeaderValue);

/// The credential as it is now. Cheap to clone.
#[derive(Clone)]
pub(crate) struct CurrentCredential {
    /// Absent: there is no credential, and nothing is sent.
    pub(crate) header: Option<Header>,
    /// How often it was read again.
    readings: u64,
}

/// The credential of a tenant.
pub(crate) struct TenantCredential {
    /// The way in which it is sent; the first of the descriptor's.
    method: Option<AuthMethod>,
    source: Option<Arc<dyn CredentialSource>>,
    current: RwLock<CurrentCredential>,
    /// Whoever holds it reads the credential again; the others wait for what is found.
    reading: Mutex<()>,
}

impl TenantCredential {
    pub(super) fn new(
        methods: &[AuthMethod],
        credential: &Secret,
        source: Option<Arc<dyn CredentialSource>>,
    ) -> Result<Self, TenantError> {
        let method = methods.first().cloned();
        let current = CurrentCredential {
            header: header(method.as_ref(), credential)?,
            readings: 0,
        };
        Ok(Self {
            method,
            source,
            current: RwLock::new(current),
            reading: Mutex::new(()),
        })
    }

    /// The credential to send a request with.
    pub(crate) fn current(&self) -> CurrentCredential {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }

    /// The credential to send a request with again that was refused with this one. It is read again once for all requests
    /// that were refused with the same one. What cannot be read leaves it as it is.
    pub(crate) async fn read_again(&self, refused: &CurrentCredential) -> CurrentCredential {
        let _turn = self.reading.lock().await;
        let current = self.current();
        let Some(source) = self
            .source
            .clone()
            .filter(|_| current.readings == refused.readings)
        else {
            return current;
        };
        tracing::debug!("the credential was refused; it is read again");
        let read = tokio::task::spawn_blocking(move || source.read()).await;
        let found = match read {
            Ok(Ok(secret)) => header(self.method.as_ref(), &secret.unwrap_or_default())
                .map_err(|error| error.to_string()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let read = CurrentCredential {
            header: found.unwrap_or_else(|error| {
                tracing::warn!(
                    error,
                    "the credential cannot be read again and stays as it is"
                );
                current.header
            }),
            readings: current.readings + 1,
        };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = read.clone();
        read
    }
}

/// The names of the headers that carry credentials in any authorization method.
pub(super) fn header_names(methods: &[AuthMethod]) -> Result<Vec<HeaderName>, TenantError> {
    methods.iter().map(header_name).collect()
}

fn header(method: Option<&AuthMethod>, credential: &Secret) -> Result<Option<Header>, TenantError> {
    let (Some(method), false) = (method, credential.is_empty()) else {
        return Ok(None);
    };
    let name = header_name(method)?;
    let text = method
        .header
        .value_template
        .replace("{token}", credential.expose());
    // No token has characters beyond ASCII; typographic quotation marks around one do.
    let mut value = Some(text)
        .filter(|text| text.is_ascii())
        .and_then(|text| HeaderValue::try_from(text).ok())
        .ok_or_else(|| TenantError::Credential {
            header: method.header.name.clone(),
        })?;
    value.set_sensitive(true);
    Ok(Some((name, value)))
}

fn header_name(method: &AuthMethod) -> Result<HeaderName, TenantError> {
    method.header.name.parse().map_err(|_| {
        TenantError::Descriptor(format!(
            "the authorization method `{}` names the header `{}`, which is no header name",
            method.name, method.header.name
        ))
    })
}
