//! Whose turn it is: what is about the same object waits for its turn, and holds up nobody else.

use std::collections::{HashMap, HashSet};

use super::About;
use crate::webhook_queue::own_writes::{KeyHash, hash};

/// How it is stored that a callback may be about anything: no hash is as short.
const ANYTHING: &[u8] = &[0];

/// What a callback is about, as it is stored: names may be personal, so their hashes are.
pub(super) fn packed(about: &About) -> Vec<u8> {
    match about {
        About::Nothing => Vec::new(),
        About::Objects(names) => names.iter().flat_map(|name| hash(name)).collect(),
        About::Anything => ANYTHING.to_vec(),
    }
}

/// The callbacks that are to be done, looked at in the order in which they came.
#[derive(Default)]
pub(super) struct Turns {
    doors: HashMap<String, Waiting>,
}

/// What the callbacks of a door are about that were looked at.
#[derive(Default)]
struct Waiting {
    anything: bool,
    objects: HashSet<KeyHash>,
}

impl Turns {
    /// Takes the next callback in; true when it waits for none that came before.
    pub(super) fn take(&mut self, door: &str, objects: Option<&[u8]>) -> bool {
        // What nobody looked at yet may be about anything.
        let objects = objects.unwrap_or(ANYTHING);
        if objects.is_empty() {
            return true;
        }
        let waiting = self.doors.entry(door.to_owned()).or_default();
        if objects == ANYTHING {
            let is_next = !waiting.anything && waiting.objects.is_empty();
            waiting.anything = true;
            return is_next;
        }
        let (objects, _) = objects.as_chunks::<16>();
        let is_next = !waiting.anything
            && !objects
                .iter()
                .any(|object| waiting.objects.contains(object));
        waiting.objects.extend(objects);
        is_next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_the_same_waits_and_holds_up_nothing_else() {
        let mut turns = Turns::default();
        let mut take = |door: &str, about: &About| turns.take(door, Some(&packed(about)));
        let about = |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned());
            About::Objects(names.collect())
        };
        assert!(take("desk", &about(&["1"])));
        assert!(take("desk", &about(&["2", "3"])));
        assert!(!take("desk", &about(&["1"])));
        assert!(take("other", &about(&["1"])));
        // It waits itself, and what is about any of its objects waits for it.
        assert!(!take("desk", &about(&["3", "4"])));
        assert!(!take("desk", &about(&["4"])));
        assert!(take("desk", &About::Nothing));
        assert!(!take("desk", &About::Anything));
        assert!(!take("desk", &about(&["5"])));
        assert!(take("desk", &About::Nothing));
        assert!(take("other", &about(&["5"])));
        assert!(take("third", &About::Anything));
        assert!(!turns.take("third", None));
        assert!(turns.take("fourth", None));
    }
}
