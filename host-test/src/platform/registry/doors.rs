//! Doors for other systems: which connection has which path, whoever came first.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Known, Source};

/// Who wants which path. The first of them has it: a path below a connection's own name comes before one that somebody chose, and
/// the platform's file before what was added. No start and no order of requests changes that.
#[derive(Default)]
pub(super) struct Doors {
    by_path: HashMap<String, Vec<Arc<Known>>>,
}

impl Doors {
    pub(super) fn enter(&mut self, known: &Arc<Known>) {
        for path in &known.doors {
            let wanted = self.by_path.entry(path.clone()).or_default();
            wanted.push(Arc::clone(known));
            wanted.sort_by_cached_key(|known| {
                let is_added = matches!(known.source, Source::Added);
                (!is_below(path, &known.name), is_added, known.name.clone())
            });
        }
    }

    pub(super) fn leave(&mut self, known: &Known) {
        for path in &known.doors {
            if let Some(wanted) = self.by_path.get_mut(path) {
                wanted.retain(|one| one.id != known.id);
                if wanted.is_empty() {
                    self.by_path.remove(path);
                }
            }
        }
    }

    pub(super) fn behind(&self, path: &str) -> Option<&Arc<Known>> {
        self.by_path.get(path)?.first()
    }

    /// Why callbacks do not reach a connection at one of its doors.
    pub(super) fn trouble(
        &self,
        known: &Known,
        named: &BTreeMap<String, Arc<Known>>,
    ) -> Option<String> {
        known.doors.iter().find_map(|path| {
            let webhooks = named.get(path).filter(|one| one.takes_webhooks);
            let why = match (webhooks, self.behind(path)) {
                _ if path.is_empty() => TAKES_WEBHOOKS.to_owned(),
                (Some(other), _) => is_address(&other.name),
                (None, Some(owner)) if owner.id != known.id => is_door(&owner.name),
                _ => return None,
            };
            Some(format!("callbacks do not come to it at /{path}: {why}"))
        })
    }

    /// Why a connection that comes may not have a path. One below its own name is always its own.
    pub(super) fn refusal(
        &self,
        name: &str,
        path: &str,
        named: &BTreeMap<String, Arc<Known>>,
    ) -> Option<String> {
        if is_below(path, name) {
            return None;
        }
        let owner = self.behind(path).filter(|owner| owner.name != name);
        let first = path.split('/').next().unwrap_or_default();
        match owner {
            _ if path.is_empty() => Some(TAKES_WEBHOOKS.to_owned()),
            _ if path == name => Some(is_address(name)),
            Some(owner) => Some(is_door(&owner.name)),
            None if named.contains_key(path) => Some(is_address(path)),
            None if first != name && named.contains_key(first) => Some(format!(
                "what is below /{first} is of the connection {first}"
            )),
            None => None,
        }
    }
}

const TAKES_WEBHOOKS: &str = "webhooks of all connections come there";

fn is_address(name: &str) -> String {
    format!("it is the address of the connection {name}")
}

fn is_door(name: &str) -> String {
    format!("it is a door of the connection {name}")
}

fn is_below(path: &str, name: &str) -> bool {
    let below = path.strip_prefix(name);
    below.is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{ConnectionId, Registry};
    use super::*;
    use crate::platform::config::OutputPlace;

    fn known(id: ConnectionId, name: &str, doors: &[&str]) -> Arc<Known> {
        Arc::new(Known {
            doors: doors.iter().map(|door| (*door).to_owned()).collect(),
            ..Known::unreadable(id, name, OutputPlace::Sqlite)
        })
    }

    #[test]
    fn nobody_takes_the_door_of_another_whoever_comes_first() {
        let thief = known(1, "aaa", &["victim/desk", "aaa/own"]);
        let victim = known(2, "victim", &["victim/desk"]);
        for order in [[&thief, &victim], [&victim, &thief]] {
            let registry = Registry::default();
            for one in order {
                assert!(registry.add(Arc::clone(one)));
            }
            let behind = |path| registry.behind_door(path).map(|known| known.name.clone());
            assert_eq!(behind("victim/desk").as_deref(), Some("victim"));
            assert_eq!(behind("aaa/own").as_deref(), Some("aaa"));
            assert_eq!(registry.door_trouble(&victim), None);
            assert_eq!(
                registry.door_trouble(&thief).unwrap(),
                "callbacks do not come to it at /victim/desk: it is a door of the connection victim"
            );
            // What is free again is whose it was to be.
            registry.remove("victim");
            assert_eq!(registry.door_trouble(&thief), None);
            let behind = registry.behind_door("victim/desk").unwrap();
            assert_eq!(behind.name, "aaa");
        }
    }

    #[test]
    fn a_path_that_is_somebodys_is_refused_with_the_reason() {
        let registry = Registry::default();
        registry.add(known(1, "victim", &["victim/desk", "shared/hook"]));
        for (path, why) in [
            ("", "webhooks of all connections come there"),
            ("victim", "it is the address of the connection victim"),
            ("new", "it is the address of the connection new"),
            ("victim/desk", "it is a door of the connection victim"),
            (
                "victim/other",
                "what is below /victim is of the connection victim",
            ),
            ("shared/hook", "it is a door of the connection victim"),
        ] {
            assert_eq!(
                registry.door_refusal("new", path).as_deref(),
                Some(why),
                "{path}"
            );
        }
        for free in ["new/desk", "shared/other", "hook"] {
            assert_eq!(registry.door_refusal("new", free), None, "{free}");
        }
        // Whoever is replaced keeps what it has.
        assert_eq!(registry.door_refusal("victim", "shared/hook"), None);
    }
}
