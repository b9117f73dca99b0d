//! Where values go: targets of one object side by side, none twice.

use crate::prelude::*;
use litemap::LiteMap;
use records::search::parted_last;

use records::in_order;

use super::rule::{Rule, Section, held};
use crate::contract::types::Problem;
use crate::failure::problem;

/// Puts the rules of a section into the order in which the result is written, and says which targets contradict each
/// other. A target may have several rules where all but the last have a condition: the first that gives a value counts.
pub fn arrange(section: Section, places: &[String], problems: &mut Vec<Problem>) -> Section {
    // For each target and each object around one, the rule that named it first.
    let mut leaves: LiteMap<&str, usize> = LiteMap::new();
    let mut objects: LiteMap<&str, usize> = LiteMap::new();
    let source = |at: usize| {
        let rule = section.rules.get(at);
        rule.and_then(|rule| rule.paths().next())
            .unwrap_or("a literal")
    };
    let lists = |at: usize| {
        section
            .rules
            .get(at)
            .is_some_and(|rule| rule.to.ends_with("[]"))
    };
    let conditional = |at: usize| {
        section
            .rules
            .get(at)
            .is_some_and(|rule| rule.when.is_some())
    };
    for (at, rule) in section.rules.iter().enumerate() {
        let place = places.get(at).map_or("", String::as_str);
        let mut twice =
            |message: String| problems.push(problem(place, "duplicate_target", message));
        let target = held(&rule.to);
        if let Some(other) = leaves.insert(target, at)
            && (lists(other) != lists(at) || !(lists(at) || conditional(other)))
        {
            twice(format!(
                "`{target}` is the target of `{}` as well",
                source(other)
            ));
        }
        if objects.contains_key(target) {
            twice(format!("`{target}` holds other targets"));
        }
        for (end, _) in target.match_indices('.') {
            let object = &target[..end];
            if let Some(other) = leaves.get(object) {
                twice(format!(
                    "`{object}` is the target of `{}` and can hold no other",
                    source(*other)
                ));
            }
            objects.entry(object).or_insert(at);
        }
    }
    let mut first = objects;
    for (at, rule) in section.rules.iter().enumerate() {
        first.entry(held(&rule.to)).or_insert(at);
    }
    // Numbers of one width, so that their texts are sorted as they are.
    let key = |(rule, at): (&Rule, usize)| {
        let target = held(&rule.to);
        let objects = target.match_indices('.').map(|(end, _)| &target[..end]);
        let places = objects
            .chain([target])
            .filter_map(|object| first.get(object).copied());
        let mut key: String = places.map(|place| format!("{place:08}")).collect();
        key.push_str(&format!("-{at:08}"));
        key
    };
    let order = in_order(section.rules.iter().zip(0..).map(key).collect());
    let rule = |key: &String| {
        let at: usize = parted_last(key, b'-')?.1.parse().ok()?;
        section.rules.get(at)?.copied()
    };
    let rules = order.iter().filter_map(rule).collect();
    Section { rules, ..section }
}
