//! Forgets, connection by connection, what was kept long enough.

use std::time::Duration;

use super::Platform;
use crate::clock::now_ms;
use crate::output::OutputTarget;
use crate::platform::config::Retention;
use crate::platform::folder::Folder;
use crate::platform::retention;

/// How often to forget, at least and at most: a twelfth of the shortest time that anything is kept.
const BETWEEN: [Duration; 2] = [Duration::from_secs(300), Duration::from_secs(3_600)];

/// What is kept of a connection.
struct Kept {
    name: String,
    target: OutputTarget,
    retention: Retention,
}

impl Platform {
    /// When to forget again.
    pub(super) fn between_forgettings(&self) -> Duration {
        let [often, seldom] = BETWEEN;
        let all = self.shared.registry.all().into_iter();
        let shortest = all.filter_map(|known| known.retention.as_ref().map(Retention::shortest));
        let twelfth = shortest.min().map_or(seldom, |shortest| shortest / 12);
        twelfth.clamp(often, seldom)
    }

    /// Forgets what was kept long enough.
    pub(super) async fn forget_old(&self) {
        for kept in self.kept() {
            let platform = self.clone();
            let forgotten = tokio::task::spawn_blocking(move || platform.forget(&kept));
            // A panic was told where it happened.
            let _ = forgotten.await;
        }
    }

    /// All connections. Those of which nobody can read how long things are kept keep them; of those that are remembered only,
    /// things are kept as long as where nothing else is said.
    fn kept(&self) -> Vec<Kept> {
        let shared = &self.shared;
        let all = shared.registry.all().into_iter();
        let mut kept: Vec<Kept> = all
            .filter_map(|known| {
                let folder = Folder::of(&shared.data, &known.name);
                Some(Kept {
                    name: known.name.clone(),
                    target: folder.output(&known.output),
                    retention: known.retention.clone()?,
                })
            })
            .collect();
        let remembered = shared.database.known_connections().unwrap_or_else(|error| {
            tracing::warn!("what is remembered only is kept: {error}");
            Vec::new()
        });
        let gone = remembered.into_iter();
        kept.extend(
            gone.filter(|name| shared.registry.named(name).is_none())
                .map(|name| {
                    let folder = Folder::of(&shared.data, &name);
                    Kept {
                        target: folder.output(&folder.found_output()),
                        retention: shared.config.defaults.retention.clone(),
                        name,
                    }
                }),
        );
        kept
    }

    fn forget(&self, kept: &Kept) {
        let Kept {
            name,
            target,
            retention,
        } = kept;
        let shared = &self.shared;
        let now = now_ms();
        let history = i64::try_from(retention.history.as_millis());
        let before = now.saturating_sub(history.unwrap_or(i64::MAX));
        if let Err(error) = shared.database.forget_runs(name, before) {
            tracing::warn!("old runs are kept: {error}");
        }
        let folder = Folder::of(&shared.data, name);
        if let Err(error) = retention::forget(&folder, target, retention, now) {
            tracing::warn!(connection = name, "old rows are kept: {error}");
        }
    }
}
