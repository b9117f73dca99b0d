//! `limits`: what the component may use for this connection.

use super::document::{Content, Node};
use super::problems::Problems;
use super::section::Section;
use crate::limits::{CallLimits, SETTINGS};

/// Reads `limits`; what is not named keeps its default.
pub(super) fn read(path: &str, node: &Node, problems: &mut Problems) -> CallLimits {
    let mut limits = CallLimits::default();
    let Some(mut section) = Section::open(path, node, problems) else {
        return limits;
    };
    for setting in SETTINGS {
        let Some(node) = section.take(setting.name) else {
            continue;
        };
        let written = match &node.content {
            Content::Text(text) => setting.read(text),
            Content::Number(number) => setting.read(&number.to_string()),
            Content::Unresolved => continue,
            _ => None,
        };
        match written {
            Some(value) => setting.set(&mut limits, value),
            None => problems.push(node.problem(
                &section.path(setting.name),
                "value",
                "no such limit",
                &format!(
                    "{} to {}",
                    setting.written(setting.least),
                    setting.written(setting.most)
                ),
            )),
        }
    }
    section.finish(&[], problems);
    limits
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::super::tests::{problems, read};
    use crate::limits::CallLimits;

    #[test]
    fn limits_are_read_and_the_others_keep_their_defaults() {
        let text = "connector: intercom\nlimits: { memory: 32 MiB, call_time: 10s, state_keys: 5, log_bytes: 100 }";
        let limits = read(text).unwrap().limits;
        let expected = CallLimits {
            guest_memory: 32 << 20,
            call_time: Duration::from_secs(10),
            state_keys: 5,
            log_bytes: 100,
            ..CallLimits::default()
        };
        assert_eq!(limits, expected);
        let nested = "connectors: { intercom: { limits: { requests: 7 } } }";
        assert_eq!(read(nested).unwrap().limits.requests, 7);
    }

    #[test]
    fn what_is_no_limit_is_named_with_its_place() {
        let text = "connector: intercom\nlimits: { memory: 1 TB, call_time: 5, handles: many, memry: 1 MiB }";
        let found = problems(text);
        let paths: Vec<&str> = found.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "limits.call_time",
                "limits.memory",
                "limits.handles",
                "limits.memry"
            ]
        );
        assert!(found[1].expected.as_deref().unwrap().contains("256 MiB"));
        assert!(found[3].message.contains("did you mean memory?"));
    }
}
