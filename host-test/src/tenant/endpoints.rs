//! Where a tenant's endpoints are.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::Client;

use super::{BaseUrl, TenantError, TenantOptions};
use crate::contract::connector::{Descriptor, Endpoint, Region};
use crate::http_client::HttpClient;

/// Where an endpoint is, and the client that goes there.
pub(crate) struct ReachableEndpoint {
    pub(crate) base: BaseUrl,
    pub(crate) client: Client,
    /// Host and port of the proxy in between that was asked for.
    pub(crate) proxy: Option<Arc<str>>,
}

/// An endpoint is not there in the region that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no region `{found}` for the endpoint `{endpoint}`; choose one of: {known}")]
pub(crate) struct UnknownRegion {
    endpoint: String,
    found: String,
    known: String,
}

/// Finds every endpoint of a descriptor. A region that an endpoint lacks is no error of the tenant: what needs no request
/// works without it.
pub(super) fn find(
    descriptor: &Descriptor,
    http: &HttpClient,
    options: &TenantOptions,
) -> Result<BTreeMap<String, Result<ReachableEndpoint, UnknownRegion>>, TenantError> {
    let mut endpoints = BTreeMap::new();
    for endpoint in &descriptor.endpoints {
        let reachable = match region(endpoint, options.region.as_deref())? {
            Err(unknown) => Err(unknown),
            Ok(region) => {
                let replaced = options.endpoint_override.as_deref();
                let base =
                    BaseUrl::parse(replaced.unwrap_or(&region.base_url)).map_err(|reason| {
                        TenantError::BaseUrl {
                            endpoint: endpoint.name.clone(),
                            reason,
                        }
                    })?;
                let client = http.client_for(base.url()).clone();
                let proxy = http.proxy_name();
                Ok(ReachableEndpoint {
                    base,
                    client,
                    proxy,
                })
            }
        };
        endpoints.insert(endpoint.name.clone(), reachable);
    }
    Ok(endpoints)
}

/// Where all endpoints are, as one text.
pub(super) fn places(
    endpoints: &BTreeMap<String, Result<ReachableEndpoint, UnknownRegion>>,
) -> String {
    let reachable = endpoints.values().filter_map(|found| found.as_ref().ok());
    let places: Vec<&str> = reachable
        .map(|endpoint| endpoint.base.url().as_str())
        .collect();
    places.join(" ")
}

fn region<'a>(
    endpoint: &'a Endpoint,
    wanted: Option<&str>,
) -> Result<Result<&'a Region, UnknownRegion>, TenantError> {
    let Some(wanted) = wanted else {
        let first = endpoint.regions.first().ok_or_else(|| {
            TenantError::Descriptor(format!("the endpoint `{}` has no region", endpoint.name))
        })?;
        return Ok(Ok(first));
    };
    let mut regions = endpoint.regions.iter();
    let found = regions.find(|region| region.name == wanted);
    let names = || endpoint.regions.iter().map(|region| region.name.as_str());
    Ok(found.ok_or_else(|| UnknownRegion {
        endpoint: endpoint.name.clone(),
        found: wanted.to_owned(),
        known: names().collect::<Vec<_>>().join(", "),
    }))
}
