//! The API versions that the connector speaks.

/// Stable versions, oldest first. Requests always name one, since without the header an app's own setting rules.
pub const VERSIONS: &[&str] = &["2.11", "2.12", "2.13", "2.14", "2.15", "2.16"];

/// The version used unless the configuration names another.
pub const DEFAULT_VERSION: &str = "2.11";

/// The request header that selects the version, and the response header that says which one answered.
pub const VERSION_HEADER: &str = "intercom-version";
