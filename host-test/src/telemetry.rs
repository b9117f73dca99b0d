//! Spans for an OpenTelemetry collector: one for each call of the component and each request.
//!
//! What is exported is what a span's fields hold: the connection's name, words of the contract, versions and statuses. Log
//! lines are not exported.

use std::fmt;
use std::sync::OnceLock;

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{HttpClient as Poster, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

use crate::http_client::{HttpClient, HttpOptions};

/// The path of traces behind a collector's base URL.
const TRACES: &str = "/v1/traces";

/// Where spans go, until [`finish`].
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// A layer that sends spans to a collector that speaks OTLP over HTTP (protobuf). `url` is its base (`http://HOST:4318`), or
/// all of the address where it has a path. Further headers are in `OTEL_EXPORTER_OTLP_HEADERS`.
pub(crate) fn layer<S>(url: &str) -> Result<impl Layer<S>, String>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let failed = |error: &dyn fmt::Display| format!("--otlp: {error}");
    let endpoint = endpoint(url).map_err(|error| failed(&error))?;
    let runtime = Handle::try_current().map_err(|error| failed(&error))?;
    let http = HttpClient::new(HttpOptions::default()).map_err(|error| failed(&error))?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Collector { http, runtime })
        .with_endpoint(endpoint)
        .with_protocol(Protocol::HttpBinary)
        .build()
        .map_err(|error| failed(&error))?;
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder()
        .with_service_name(env!("CARGO_PKG_NAME"))
        .with_attribute(version)
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build();
    let provider = PROVIDER.get_or_init(|| provider);
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer(env!("CARGO_PKG_NAME")))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false);
    let own = env!("CARGO_CRATE_NAME");
    Ok(layer.with_filter(filter_fn(move |about| {
        about.is_span() && about.target().starts_with(own)
    })))
}

/// Sends what is not sent yet.
pub(crate) async fn finish() {
    let Some(provider) = PROVIDER.get() else {
        return;
    };
    // It waits for an answer, which this thread may have to receive.
    let ended = tokio::task::spawn_blocking(|| provider.shutdown()).await;
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!("not all spans reached the collector: {error}"),
        Err(error) => tracing::warn!("not all spans reached the collector: {error}"),
    }
}

/// The address for traces of a collector.
fn endpoint(url: &str) -> Result<String, String> {
    let mut url = Url::parse(url).map_err(|error| format!("not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("write http://HOST:4318 or https://…".to_owned());
    }
    if matches!(url.path(), "" | "/") {
        url.set_path(TRACES);
    }
    Ok(url.into())
}

/// Posts spans with this program's own client. The exporter has a thread without a runtime.
struct Collector {
    http: HttpClient,
    runtime: Handle,
}

impl fmt::Debug for Collector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Collector")
    }
}

#[async_trait]
impl Poster for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request: reqwest::Request = request.try_into()?;
        let client = self.http.client_for(request.url()).clone();
        let posting = self.runtime.spawn(async move {
            let answer = client.execute(request).await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, answer.bytes().await?))
        });
        let (status, body) = posting.await?.map_err(reqwest::Error::without_url)?;
        let mut response = Response::new(body);
        *response.status_mut() = status;
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_completed() {
        let of = |url: &str| endpoint(url).ok();
        let expected = Some("http://127.0.0.1:4318/v1/traces".to_owned());
        assert_eq!(of("http://127.0.0.1:4318"), expected);
        assert_eq!(of("http://127.0.0.1:4318/"), expected);
        assert_eq!(of("http://127.0.0.1:4318/v1/traces"), expected);
        assert_eq!(
            of("https://c.example/otlp").as_deref(),
            Some("https://c.example/otlp")
        );
        for bad in ["127.0.0.1:4318", "ftp://x", "nonsense", "http:///"] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
