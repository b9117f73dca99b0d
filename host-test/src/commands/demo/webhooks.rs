//! One webhook of the simulator, the same again, and one with a word changed on its way.

use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use serde_json::json;

use super::expectation::Expectations;
use super::reading::read_lines;
use super::{Stage, text_at};
use crate::commands::CommandError;
use crate::output::{JsonLines, OutputTarget};
use crate::webhook_listener::{Recipient, RecipientOptions, WebhookCounts, WebhookListener};
use crate::webhook_queue::QueueOptions;
use crate::webhook_service::WebhookService;

/// Larger than any notification here.
const BODY_BYTES: usize = 1024 * 1024;

/// The deliveries that came by, as they were.
type Recorded = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// Takes webhooks into a directory of their own.
pub(super) async fn take(
    stage: &Stage<'_>,
    expectations: &mut Expectations,
) -> Result<WebhookCounts, CommandError> {
    let directory = stage.directory.join("webhooks");
    let output = JsonLines::open(&directory, &OutputTarget::state_in_directory(&directory))?;
    let options = QueueOptions::default();
    let window = options.remember;
    let service = WebhookService::start(Box::new(output), None, options, window, 1)
        .map_err(CommandError::failed)?;
    let connection = stage.connection;
    let listener = WebhookListener::new(vec![Recipient::new(RecipientOptions {
        name: "demo".to_owned(),
        plugin: connection.plugin.clone(),
        tenant: connection.tenant.clone(),
        workspace: None,
        secrets: connection.file.client_secrets.clone(),
        file: None,
        queue: service.queue().clone(),
        replay_window: window,
        allow_from: None,
        trusted_proxies: Vec::new(),
        log_each: false,
    })]);
    let recorded = Recorded::default();
    let router = listener
        .router()
        .layer(from_fn_with_state(Arc::clone(&recorded), record));
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .map_err(CommandError::failed)?;
    let address = socket.local_addr().map_err(CommandError::failed)?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        axum::serve(socket, router)
            .with_graceful_shutdown(async {
                // Whether it was told to stop or the sender is gone: it is over.
                let _ = stopped.await;
            })
            .await
    });

    let workspace = stage.simulator.workspace();
    let id = workspace.contact_ids().next().unwrap_or_default();
    workspace
        .touch_contact(&id, json!({"name": "Changed by the demonstration"}))
        .map_err(|error| CommandError::failed(format!("{error:?}")))?;
    let item = workspace.contact(&id).unwrap_or_default();
    let url = format!("http://{address}/");
    workspace.set_webhook_url(Some(url.clone()));
    let delivery = workspace
        .deliver_webhook("contact.user.updated", &item)
        .await;
    workspace.set_webhook_url(None);
    expectations.hold(delivery.delivered, || {
        format!("the webhook was not taken: {delivery:?}")
    });

    let first = recorded
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .first()
        .cloned();
    match first {
        None => expectations.hold(false, || "no webhook came".to_owned()),
        Some((headers, body)) => {
            let again = send(&url, &headers, body.to_vec()).await?;
            expectations.hold(again == 200, || {
                format!("the repeated webhook was answered with {again}")
            });
            let forged = String::from_utf8_lossy(&body).replace("demonstration", "forgery");
            let answer = send(&url, &headers, forged.into_bytes()).await?;
            expectations.hold(answer == 401, || {
                format!("the forged webhook was answered with {answer}")
            });
        }
    }
    let counts = listener.counts();
    // The server may be gone already: then there is nobody to tell.
    let _ = stop.send(());
    let _ = server.await;
    let finished = tokio::task::spawn_blocking(|| service.finish());
    finished.await.map_err(CommandError::failed)?;
    expectations.hold(
        (counts.accepted, counts.duplicates, counts.rejected) == (1, 1, 1),
        || format!("one of each kind of webhook was expected: {counts:?}"),
    );
    let lines = read_lines(&directory, "contacts", 0).unwrap_or_default();
    let stored = lines.iter().any(|line| {
        text_at(line, "key") == id
            && text_at(&line["data"], "name") == "Changed by the demonstration"
    });
    expectations.hold(stored && lines.len() == 1, || {
        format!(
            "the webhook's contact is not stored once: {} lines",
            lines.len()
        )
    });
    Ok(counts)
}

/// Keeps a copy of each delivery, so that it can be sent again as it was.
async fn record(State(recorded): State<Recorded>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, BODY_BYTES).await.unwrap_or_default();
    if !bytes.is_empty() {
        recorded
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push((parts.headers.clone(), bytes.clone()));
    }
    next.run(Request::from_parts(parts, Body::from(bytes)))
        .await
}

/// Sends a delivery with the headers of another and gives the status of the answer.
async fn send(url: &str, headers: &HeaderMap, body: Vec<u8>) -> Result<u16, CommandError> {
    let mut headers = headers.clone();
    // It is made anew for this body.
    headers.remove(axum::http::header::CONTENT_LENGTH);
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .map_err(CommandError::failed)?;
    let answer = client
        .post(url)
        .headers(headers)
        .body(body)
        .send()
        .await
        .map_err(CommandError::failed)?;
    Ok(answer.status().as_u16())
}
