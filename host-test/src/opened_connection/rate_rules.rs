//! The pace that a connection file wants, as a tenant keeps it.

use super::OpenError;
use crate::connection_file::{CapSetting, CappedRequests, ConnectionFile};
use crate::contract::connector::Descriptor;
use crate::nearest::nearest;
use crate::rate_budget::{RateCap, TargetPattern, request_classes};
use crate::tenant::RateRules;

/// The pace that a file wants, with the component's own names for requests made out.
pub(super) fn of(file: &ConnectionFile, descriptor: &Descriptor) -> Result<RateRules, OpenError> {
    let classes = request_classes(descriptor);
    let names = || classes.keys().map(String::as_str);
    let mut caps = Vec::new();
    let mut problems = Vec::new();
    for cap in &file.rate.caps {
        let targets = match &cap.requests {
            CappedRequests::All => vec![TargetPattern::any()],
            CappedRequests::Matching(pattern) => vec![pattern.clone()],
            CappedRequests::Named(name) => match classes.get(name) {
                Some(patterns) => patterns.clone(),
                None => {
                    problems.push(unknown_requests(file, cap, name, names()));
                    continue;
                }
            },
        };
        caps.push(RateCap {
            targets,
            most: cap.most,
            window: cap.window,
        });
    }
    match problems.is_empty() {
        true => Ok(RateRules {
            reserve: file.rate.reserve,
            caps,
        }),
        false => Err(OpenError::UnknownRequests { problems }),
    }
}

fn unknown_requests<'a>(
    file: &ConnectionFile,
    cap: &CapSetting,
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> String {
    let near = nearest(name, known.clone())
        .map(|near| format!(" (did you mean {near}?)"))
        .unwrap_or_default();
    let known: Vec<&str> = known.chain(["requests"]).collect();
    format!(
        "{}: {}: the component knows no requests named `{name}`{near}; it knows {}; any others can be named by method and \
         path in rate.caps",
        file.path.display(),
        cap.path,
        known.join(", ")
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::tenant::sample::descriptor;

    fn rules(rate: &str) -> Result<RateRules, OpenError> {
        let mut descriptor = descriptor();
        descriptor.config_schema =
            br#"{"x-request-classes":{"search":["POST */search"]}}"#.to_vec();
        let text = format!("connector: sample\nrate: {rate}\n");
        let file = ConnectionFile::parse(Path::new("my.yaml"), &text, &|_| None).unwrap();
        of(&file, &descriptor)
    }

    #[test]
    fn names_are_the_components_and_patterns_anybodys() {
        let rules =
            rules("{ reserve: 20%, preset: starter, search_per_second: 5, caps: { /a: 1/s } }")
                .unwrap();
        let matching = |method, target| -> Vec<u32> {
            let caps = rules.caps.iter();
            caps.filter(|cap| cap.targets.iter().any(|one| one.matches(method, target)))
                .map(|cap| cap.most)
                .collect()
        };
        assert_eq!(matching("POST", "/contacts/search"), [20, 5]);
        assert_eq!(matching("GET", "/a"), [20, 1]);
        assert_eq!(matching("GET", "/b"), [20]);
    }

    #[test]
    fn names_that_the_component_does_not_know_are_all_named() {
        let error = rules("{ serch_per_second: 5, scroll_per_minute: 60 }").unwrap_err();
        let text = error.to_string();
        for part in [
            "rate.serch_per_second",
            "did you mean search?",
            "rate.scroll_per_minute",
            "search, requests",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
