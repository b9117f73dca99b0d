//! `/metrics`.

use axum::Router;
use axum::http::{HeaderMap, HeaderName, header};
use axum::routing::get;
use prometheus_client::encoding::{prometheus_text, text};
use tokio::net::TcpListener;

use super::families::all;
use super::process;

/// The type of OpenMetrics, for those who ask for it.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The route `/metrics`. Who may ask is for the one who mounts it.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    process::begin();
    Router::new().route("/metrics", get(page))
}

/// Serves `/metrics` until `stop` is done.
pub async fn serve(
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router::<()>())
        .with_graceful_shutdown(stop)
        .await
}

/// Everything that there is to be told now, in Prometheus's text format 0.0.4.
pub fn render() -> String {
    let mut told = String::new();
    // A string takes everything.
    let _ = prometheus_text::encode(&mut told, &all().registry);
    told
}

async fn page(headers: HeaderMap) -> ([(HeaderName, &'static str); 1], String) {
    let wanted = headers.get(header::ACCEPT);
    let wanted = wanted.and_then(|wanted| wanted.to_str().ok());
    if !wanted.is_some_and(|wanted| wanted.contains("application/openmetrics-text")) {
        let plain = [(header::CONTENT_TYPE, prometheus_text::CONTENT_TYPE)];
        return (plain, render());
    }
    let mut told = String::new();
    let _ = text::encode(&mut told, &all().registry);
    ([(header::CONTENT_TYPE, OPEN_METRICS)], told)
}
