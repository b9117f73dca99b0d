//! A connection file brought to life: the component, the tenant, and what the last check found.

mod checks;
pub(crate) mod own_writes;
mod rate_rules;

pub use self::checks::CheckError;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::alerts::Alerts;
use crate::artifact::{ArtifactError, find_or_build};
use crate::connection_file::{ConnectionFile, FieldMapping};
use crate::contract::types::Connection;
use crate::credential::{self, KeptCredential};
use crate::engine::{Engine, EngineError, EngineOptions};
use crate::http_client::{HttpClient, HttpClientError, HttpOptions};
use crate::metrics;
use crate::nearest::nearest;
use crate::observers::Observers;
use crate::output::Sender;
use crate::plugin::{LoadError, Plugin};
use crate::runner::RetryPolicy;
use crate::secret::Secret;
use crate::state_store::{MemoryState, StateStore};
use crate::tenant::{CredentialSource, Tenant, TenantError, TenantOptions};
use crate::token_file::TokenFileError;

/// Why a connection cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no component.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The component is not taken.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The engine cannot be made.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The HTTP client cannot be made.
    #[error(transparent)]
    Http(#[from] HttpClientError),
    /// The configuration makes no tenant.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    /// The file is for another connector.
    #[error("{} is for the connector `{found}`, and the component is `{component}`", path.display())]
    OtherConnector {
        /// The file.
        path: PathBuf,
        /// The connector that it names.
        found: String,
        /// The component's name.
        component: String,
    },
    /// The file names a mapping that does not come with the component.
    #[error("there is no mapping preset `{name}`{}; known are: {known}", near.as_ref().map(|near| format!(" (did you mean {near}?)")).unwrap_or_default())]
    UnknownPreset {
        /// The name.
        name: String,
        /// The preset that was probably meant.
        near: Option<String>,
        /// All presets.
        known: String,
    },
    /// The file caps requests by names that the component does not know.
    #[error("{}", problems.join("\n"))]
    UnknownRequests {
        /// Each of them with its place.
        problems: Vec<String>,
    },
    /// Triggers or callbacks want something written that the component cannot write.
    #[error("{}: {}", path.display(), problems.join("\n"))]
    UnknownWrites {
        /// The file.
        path: PathBuf,
        /// Each of them with its place.
        problems: Vec<String>,
    },
    /// The stored token cannot be used.
    #[error(transparent)]
    TokenFile(#[from] TokenFileError),
    /// What is needed has no token.
    #[error("{path} has no access token, and none is stored; add it, best as \"${{VARIABLE}}\", or authorise with `host-test auth --connection {path}`", path = path.display())]
    NoToken {
        /// The file.
        path: PathBuf,
    },
}

/// The component, loaded.
pub async fn load_component(given: Option<&Path>) -> Result<Plugin, OpenError> {
    let engine = Engine::new(EngineOptions::default())?;
    let bytes = find_or_build(given)?;
    Ok(Plugin::load(&engine, &bytes).await?)
}

/// A connection that calls can be made with. Cheap to clone.
#[derive(Clone)]
pub struct OpenedConnection {
    /// The component.
    pub plugin: Plugin,
    /// The connection at run time. Before [`OpenedConnection::ensure_checked`], without an account.
    pub tenant: Tenant,
    /// The file.
    pub file: Arc<ConnectionFile>,
    has_token: bool,
    fingerprint: String,
    /// How a check that fails in passing is met.
    patience: RetryPolicy,
}

impl OpenedConnection {
    /// Opens the connection of a file, with the file's token or the stored one. `state` keeps what the component keeps;
    /// absent: in memory, for this process.
    pub fn new(
        plugin: Plugin,
        file: ConnectionFile,
        state: Option<Arc<dyn StateStore>>,
    ) -> Result<OpenedConnection, OpenError> {
        let http = HttpClient::new(HttpOptions::default())?;
        OpenedConnection::on(&http, plugin, file, state)
    }

    /// The same with a client that others use as well.
    pub fn on(
        http: &HttpClient,
        plugin: Plugin,
        file: ConnectionFile,
        state: Option<Arc<dyn StateStore>>,
    ) -> Result<OpenedConnection, OpenError> {
        let credential = credential::of_connection(&file)?;
        let source: Arc<dyn CredentialSource> = Arc::new(KeptCredential::new(file.clone()));
        OpenedConnection::with_credential(http, plugin, file, credential, Some(source), state)
    }

    /// Opens the connection of a file with this token, or none, wherever another one may be kept.
    pub fn with_token(
        plugin: Plugin,
        file: ConnectionFile,
        token: Option<Secret>,
    ) -> Result<OpenedConnection, OpenError> {
        let http = HttpClient::new(HttpOptions::default())?;
        OpenedConnection::with_credential(&http, plugin, file, token, None, None)
    }

    fn with_credential(
        http: &HttpClient,
        plugin: Plugin,
        file: ConnectionFile,
        credential: Option<Secret>,
        credential_source: Option<Arc<dyn CredentialSource>>,
        state: Option<Arc<dyn StateStore>>,
    ) -> Result<OpenedConnection, OpenError> {
        let descriptor = plugin.descriptor();
        if file.connector != descriptor.name {
            return Err(OpenError::OtherConnector {
                path: file.path.clone(),
                found: file.connector.clone(),
                component: descriptor.name.clone(),
            });
        }
        let mapping = file
            .field_mapping
            .as_ref()
            .map(|mapping| mapping_document(&plugin, mapping))
            .transpose()?;
        let rate = rate_rules::of(&file, descriptor)?;
        own_writes::check(&file, descriptor)?;
        let connection = Connection {
            config: json_bytes(&Value::Object(file.config.clone())),
            mapping,
            triggers: file.triggers.document(),
            account: None,
            prepared: None,
        };
        let has_token = credential.is_some();
        let credential = credential.unwrap_or_default();
        let fingerprint = fingerprint(&plugin, &connection, &credential, file.endpoint.as_deref());
        let name = tenant_name(&file.path);
        let metrics = metrics::connection(&file.name());
        // A proxy is for the provider only.
        let alerts = Alerts::start(file.alerts.clone(), &metrics, http);
        let own_http = match &file.proxy {
            None => None,
            proxy => Some(HttpClient::new(HttpOptions {
                proxy: proxy.clone(),
                ..HttpOptions::default()
            })?),
        };
        let http = own_http.as_ref().unwrap_or(http);
        let observers = Observers {
            metrics,
            alerts,
            debug: file.logging.debug,
        };
        let tenant = Tenant::new(
            descriptor,
            http,
            TenantOptions {
                rate_key: name.clone(),
                rate,
                name,
                connection,
                region: file
                    .config
                    .get("region")
                    .and_then(Value::as_str)
                    .map(str::to_ascii_lowercase),
                endpoint_override: file.endpoint.clone(),
                credential,
                credential_source,
                state: state.unwrap_or_else(|| Arc::new(MemoryState::new())),
                limits: file.limits.clone(),
                observers,
            },
        )?;
        Ok(OpenedConnection {
            plugin,
            tenant,
            file: Arc::new(file),
            has_token,
            fingerprint,
            patience: RetryPolicy {
                tries: 0,
                ..RetryPolicy::default()
            },
        })
    }

    /// Who is told when something goes wrong.
    pub fn alerts(&self) -> &Alerts {
        &self.tenant.observers().alerts
    }

    /// Whether there was a token when the connection was opened.
    pub fn has_token(&self) -> bool {
        self.has_token
    }

    /// An error when there is no token.
    pub fn require_token(&self) -> Result<(), OpenError> {
        match self.has_token {
            true => Ok(()),
            false => Err(OpenError::NoToken {
                path: self.file.path.clone(),
            }),
        }
    }

    /// Whose entries they are, for outputs that post them.
    pub fn sender(&self, time_scale: f64) -> Sender<'_> {
        let mapping = self.file.field_mapping.as_ref();
        Sender {
            connection: self.tenant.name(),
            settings: &self.file.http_output,
            preset: mapping.and_then(FieldMapping::preset_name),
            lists: mapping.is_some_and(FieldMapping::names_lists),
            time_scale,
            stop: None,
        }
    }

    /// Whether rows are read again of which a webhook tells a part.
    pub fn reads_rows_again(&self) -> bool {
        self.has_token && self.file.webhooks.read_again.unwrap_or(true)
    }

    /// The IANA time zone of the workspace, once it is known.
    pub fn time_zone(&self) -> Option<&str> {
        let account = self.tenant.connection().account.as_ref();
        account.and_then(|account| account.time_zone.as_deref())
    }
}

/// A mapping as the component takes it. A preset that it does not have is told before it is asked.
fn mapping_document(plugin: &Plugin, mapping: &FieldMapping) -> Result<Vec<u8>, OpenError> {
    if let Some(name) = mapping.preset_name() {
        let presets = &plugin.descriptor().mapping_presets;
        let names = || presets.iter().map(|preset| preset.name.as_str());
        if !names().any(|known| known == name) {
            return Err(OpenError::UnknownPreset {
                name: name.to_owned(),
                near: nearest(name, names()).map(str::to_owned),
                known: names().collect::<Vec<_>>().join(", "),
            });
        }
    }
    Ok(json_bytes(&Value::Object(mapping.fields.clone())))
}

fn json_bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// A hash of everything that a check looks at. The token is in it, hashed with the rest: another token may be for
/// another workspace.
fn fingerprint(
    plugin: &Plugin,
    connection: &Connection,
    credential: &Secret,
    endpoint: Option<&str>,
) -> String {
    let mut hash = Sha256::new();
    let empty: &[u8] = &[];
    for part in [
        plugin.sha256().as_bytes(),
        &connection.config,
        connection.mapping.as_deref().unwrap_or(empty),
        connection.triggers.as_deref().unwrap_or(empty),
        credential.expose().as_bytes(),
        endpoint.unwrap_or_default().as_bytes(),
    ] {
        // The length first, so that no part can take bytes of its neighbour.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hexadecimal(&hash.finalize())
}

/// A name that is the same in every run and differs between files.
fn tenant_name(path: &Path) -> String {
    let whole = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let digest = Sha256::digest(whole.as_os_str().as_encoded_bytes());
    let stem = path.file_stem().map(|stem| stem.to_string_lossy());
    let hash = hexadecimal(&digest[..4]);
    format!("{}-{hash}", stem.as_deref().unwrap_or("connection"))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
