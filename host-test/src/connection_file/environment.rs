//! `${NAME}` and `${NAME:-default}` in texts, after parsing: a value cannot change the structure of the file.

use super::document::{Content, Node};
use super::problems::{Problems, join, shorten};

/// The environment of this process. A value that is not UTF-8 counts as unset.
pub(crate) fn process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Replaces the variables in every text below `root`. `$${` stands for `${` itself.
pub(crate) fn substitute(
    root: &mut Node,
    variable: &dyn Fn(&str) -> Option<String>,
    problems: &mut Problems,
) {
    walk(root, "", variable, problems);
}

fn walk(
    node: &mut Node,
    path: &str,
    variable: &dyn Fn(&str) -> Option<String>,
    problems: &mut Problems,
) {
    match &mut node.content {
        Content::Text(text) if text.contains("${") => match expand(text, variable) {
            Ok(expanded) => {
                node.from_environment = expanded.replaced;
                node.content = Content::Text(expanded.text);
            }
            Err(faults) => {
                for fault in faults {
                    problems.say(path, node.line, fault.code, fault.message);
                }
                node.content = Content::Unresolved;
            }
        },
        Content::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                walk(item, &format!("{path}[{index}]"), variable, problems);
            }
        }
        Content::Map(entries) => {
            for (key, value) in entries {
                walk(value, &join(path, key), variable, problems);
            }
        }
        _ => {}
    }
}

struct Expanded {
    text: String,
    /// Whether any of it came from a variable.
    replaced: bool,
}

struct Fault {
    code: &'static str,
    message: String,
}

fn expand(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Expanded, Vec<Fault>> {
    let mut result = String::with_capacity(text.len());
    let mut replaced = false;
    let mut faults = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let before = &rest[..start];
        if let Some(unescaped) = before.strip_suffix('$') {
            result.push_str(unescaped);
            result.push_str("${");
            rest = &rest[start + 2..];
            continue;
        }
        result.push_str(before);
        let Some(end) = rest[start..].find('}').map(|length| start + length) else {
            faults.push(Fault {
                code: "value",
                message: "`${` without a closing `}`; write `$${` for the characters themselves"
                    .to_owned(),
            });
            break;
        };
        let inside = &rest[start + 2..end];
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        if !is_name(name) {
            faults.push(Fault {
                code: "value",
                message: format!(
                    "{} is not the name of a variable (letters, digits and `_`); write `$${{` for the characters themselves",
                    shorten(name)
                ),
            });
        } else {
            match (variable(name), default) {
                (Some(value), Some(default)) if value.is_empty() => result.push_str(default),
                (Some(value), _) => {
                    result.push_str(&value);
                    replaced = true;
                }
                (None, Some(default)) => result.push_str(default),
                (None, None) => faults.push(Fault {
                    code: "unset_variable",
                    message: format!(
                        "the environment variable {name} is not set; set it, or give a default as ${{{name}:-…}}"
                    ),
                }),
            }
        }
        rest = &rest[end + 1..];
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    result.push_str(rest);
    Ok(Expanded {
        text: result,
        replaced,
    })
}

fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(name: &str) -> Option<String> {
        match name {
            "TOKEN" => Some("t0k".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    fn expanded(text: &str) -> Option<String> {
        expand(text, &variables).ok().map(|expanded| expanded.text)
    }

    #[test]
    fn variables_are_replaced_anywhere_in_a_text() {
        assert_eq!(expanded("a${TOKEN}b${TOKEN}").as_deref(), Some("at0kbt0k"));
    }

    #[test]
    fn a_default_stands_in_for_unset_and_empty() {
        assert_eq!(expanded("${NONE:-x}").as_deref(), Some("x"));
        assert_eq!(expanded("${EMPTY:-x}").as_deref(), Some("x"));
        assert_eq!(expanded("${NONE:-}").as_deref(), Some(""));
    }

    #[test]
    fn two_dollars_stand_for_the_characters() {
        assert_eq!(expanded("$${TOKEN}").as_deref(), Some("${TOKEN}"));
    }

    #[test]
    fn a_value_is_not_expanded_again() {
        let nested = |_: &str| Some("${OTHER}".to_owned());
        assert_eq!(
            expand("${A}", &nested).ok().map(|expanded| expanded.text),
            Some("${OTHER}".to_owned())
        );
    }

    #[test]
    fn every_unset_variable_is_named() {
        let faults = expand("${ONE} ${TWO}", &variables)
            .err()
            .unwrap_or_default();
        assert_eq!(faults.len(), 2);
        assert!(faults[0].message.contains("ONE") && faults[1].message.contains("TWO"));
    }

    #[test]
    fn what_is_no_variable_is_refused() {
        assert!(expanded("${NOT CLOSED").is_none());
        assert!(expanded("${1}").is_none());
    }
}
