//! Whether webhooks arrive: that only a delivery can show.

use super::finding::Finding;
use crate::clock::now_ms;
use crate::connection_file::{ConnectionFile, Mode};
use crate::contract::connector::Descriptor;
use crate::dates;
use crate::position::State;

/// What is known about a connection's webhooks. `state` is that of the output into which they are taken; `None` where nobody
/// said which that is, or it is not there yet.
pub(super) fn webhooks(
    file: &ConnectionFile,
    descriptor: &Descriptor,
    state: Option<&State>,
) -> Finding {
    const WHAT: &str = "webhooks";
    if descriptor.webhooks.is_none() {
        return Finding::good(WHAT, "the provider sends none");
    }
    if file.client_secrets.is_empty() {
        return Finding::aside(
            WHAT,
            "cannot be verified: there is no client secret",
            "add credentials.client_secret to take webhooks",
        );
    }
    let last = state.and_then(|state| state.webhooks.as_ref());
    if let Some(seen) = state.and_then(last_verified) {
        return match last.and_then(|last| last.silent_days(now_ms())) {
            None => Finding::good(WHAT, seen),
            Some(days) => Finding::aside(
                WHAT,
                format!("nothing came for {days} days; {seen}"),
                "unless the workspace is as quiet as that: look in the provider's settings of your app whether the \
                 subscription is suspended, which providers do when deliveries fail for days, and have a test sent",
            ),
        };
    }
    let remedy = format!(
        "run `host-test webhook serve --connection {}` where the provider reaches it by https, register that address for \
         webhooks in the provider's settings of your app, with the topics of the streams that you want (`describe` lists \
         them), and have a test sent; then check again with the --output of `webhook serve`",
        file.path.display(),
    );
    match (state, file.mode) {
        (Some(_), Mode::Realtime) => Finding::bad(
            WHAT,
            "no ping and no delivery was verified yet, and the connection reads nothing else",
            remedy,
        ),
        (Some(_), Mode::Hybrid | Mode::Batch) => Finding::aside(
            WHAT,
            "no ping and no delivery was verified yet; changes come with the next reading",
            remedy,
        ),
        (None, _) => Finding::aside(
            WHAT,
            "can be verified; whether any came is in the output of `webhook serve`, which was not named",
            remedy,
        ),
    }
}

/// When the last ping and the last delivery were verified.
fn last_verified(state: &State) -> Option<String> {
    let webhooks = state.webhooks.as_ref()?;
    let zone_name = state
        .checked
        .as_ref()
        .and_then(|checked| checked.time_zone.as_deref());
    let zone = dates::time_zone(zone_name).unwrap_or(jiff::tz::TimeZone::UTC);
    let delivery = webhooks.delivery_at_ms.map(|at| {
        let topic = webhooks.topic.as_deref().unwrap_or("unknown topic");
        format!("last delivery {} ({topic})", dates::display(at, &zone))
    });
    let ping = webhooks
        .ping_at_ms
        .map(|at| format!("last ping {}", dates::display(at, &zone)));
    match (delivery, ping) {
        (None, None) => None,
        (Some(seen), None) | (None, Some(seen)) => Some(format!("verified: {seen}")),
        (Some(delivery), Some(ping)) => Some(format!("verified: {delivery}, {ping}")),
    }
}
