//! The status pages: plain HTML with charts in SVG, made by the server for each look. No script, nothing from elsewhere.

mod chart;
mod connection;
mod html;
mod judgement;
mod overview;
mod words;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use serde::Deserialize;

use self::html::POLICY;
use super::control::Control;
use super::database::DatabaseError;

/// What may stand behind the address of a page.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    /// After how many seconds the browser asks again; `off`: not by itself.
    refresh: Option<String>,
}

/// When the browser asks for a page again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refresh {
    /// After so many seconds.
    Every(u32),
    Off,
}

/// Unless something else is asked for.
const REFRESH: Refresh = Refresh::Every(15);

impl Asked {
    fn refresh(&self) -> Refresh {
        match self.refresh.as_deref() {
            Some("off") => Refresh::Off,
            Some(seconds) => match seconds.parse() {
                Ok(seconds @ 1..=86_400) => Refresh::Every(seconds),
                _ => REFRESH,
            },
            None => REFRESH,
        }
    }
}

/// `GET /`.
pub(super) async fn whole(State(control): State<Control>, Query(asked): Query<Asked>) -> Response {
    let platform = control.platform();
    let versions = platform.shared.components.components().status().await;
    // It asks the database once for each connection.
    answer(tokio::task::block_in_place(|| {
        overview::page(platform, &versions, asked.refresh())
    }))
}

/// `GET /pages/NAME`.
pub(super) async fn one(
    State(control): State<Control>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let platform = control.platform();
    match platform.shared.registry.named(&name) {
        Some(known) => answer(tokio::task::block_in_place(|| {
            connection::page(platform, &known, asked.refresh())
        })),
        None => (StatusCode::NOT_FOUND, "there is no such connection\n").into_response(),
    }
}

fn answer(page: Result<String, DatabaseError>) -> Response {
    let page = match page {
        Ok(page) => page,
        Err(error) => {
            return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
        }
    };
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY.as_str()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, Html(page)).into_response()
}
