//! What a platform of many connections costs: memory while they do nothing, how late their syncs begin when they all have
//! something to do, and what a turn of the scheduler costs among a hundred and among ten thousand.
//!
//! `cargo bench --bench platform`, or with `idle`, `schedule` or `turns` behind `--` for one of them.

#[path = "release/host.rs"]
mod release;
mod platform {
    pub mod host;
    pub mod idle;
    pub mod schedule;
    pub mod turns;
}

use anyhow::ensure;
use platform::{idle, schedule, turns};

fn main() -> anyhow::Result<()> {
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let is_wanted = |name: &str| wanted.as_deref().is_none_or(|wanted| name.contains(wanted));
    let mut over = Vec::new();
    if is_wanted("turns") {
        over.extend(turns::measure());
    }
    if is_wanted("idle") {
        over.extend(idle::measure()?);
    }
    if is_wanted("schedule") {
        over.extend(schedule::measure()?);
    }
    ensure!(over.is_empty(), "over budget: {}", over.join(", "));
    Ok(())
}
