//! What the rules of a door make of a body.

use serde_json::{Map, Value};

use crate::connection_file::{Callback, Part, Rule, RuleWrite};
use crate::markup::escaped;

/// A write that a rule wants.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedWrite {
    /// The rule's place in the list.
    pub rule: usize,
    /// An action of the component.
    pub action: String,
    /// A mode of it.
    pub mode: Option<String>,
    /// The row.
    pub row: Map<String, Value>,
}

/// Why nothing is known to do about a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRow {
    /// No rule is for it.
    #[error("no rule fits{}", looked.as_ref().map(|looked| format!(": {looked}")).unwrap_or_default())]
    NoRule {
        /// What the rules look at, and what is there.
        looked: Option<String>,
        /// What the rules look at.
        pointers: Vec<String>,
    },
    /// A table lacks what is there.
    #[error("rules[{rule}].{field}: {found} at {pointer} is not in the table; known are {known}")]
    NotInTable {
        /// The rule's place in the list.
        rule: usize,
        /// The field.
        field: String,
        /// Where in the body.
        pointer: String,
        /// What is there.
        found: String,
        /// What the table has.
        known: String,
    },
}

impl NoRow {
    /// It without what is in the body: for those who are not to see what is said of people.
    pub fn without_values(&self) -> String {
        match self {
            NoRow::NoRule { pointers, .. } if pointers.is_empty() => "no rule fits".to_owned(),
            NoRow::NoRule { pointers, .. } => {
                format!("no rule fits what is at {}", pointers.join(", "))
            }
            NoRow::NotInTable {
                rule,
                field,
                pointer,
                known,
                ..
            } => format!(
                "rules[{rule}].{field}: what is at {pointer} is not in the table; known are {known}"
            ),
        }
    }
}

/// What every rule that fits wants, in the order of the rules. An empty list: the body is for nobody, on purpose.
pub fn plan(callback: &Callback, body: &Value) -> Result<Vec<PlannedWrite>, NoRow> {
    let fitting: Vec<(usize, &Rule)> = callback
        .rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| fits(rule, body))
        .collect();
    if fitting.is_empty() {
        let pointers = pointers(callback);
        return Err(NoRow::NoRule {
            looked: looked_at(&pointers, body),
            pointers: pointers.into_iter().map(str::to_owned).collect(),
        });
    }
    let mut planned = Vec::new();
    for (number, rule) in fitting {
        let Some(RuleWrite { action, mode, row }) = &rule.write else {
            continue;
        };
        planned.push(PlannedWrite {
            rule: number,
            action: action.clone(),
            mode: mode.clone(),
            row: fields(number, "row", row, body)?,
        });
    }
    Ok(planned)
}

fn fits(rule: &Rule, body: &Value) -> bool {
    rule.when.iter().all(|(pointer, values)| {
        let found = body.pointer(pointer).unwrap_or(&Value::Null);
        values.iter().any(|value| is_same(value, found))
    })
}

/// Whether two values are the same; `5` and `"5"` are, since YAML and JSON disagree about which of them people write.
fn is_same(one: &Value, other: &Value) -> bool {
    one == other
        || match (plain(one), plain(other)) {
            (Some(one), Some(other)) => one == other,
            _ => false,
        }
}

/// A text, number or truth value as a text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// What the rules look at.
fn pointers(callback: &Callback) -> Vec<&str> {
    let mut pointers: Vec<&str> = Vec::new();
    for (pointer, _) in callback.rules.iter().flat_map(|rule| &rule.when) {
        if !pointers.contains(&pointer.as_str()) {
            pointers.push(pointer);
        }
    }
    pointers
}

/// What the rules look at, with what is there, for people.
fn looked_at(pointers: &[&str], body: &Value) -> Option<String> {
    let told = pointers
        .iter()
        .map(|pointer| format!("{pointer} is {}", shown(body.pointer(pointer))));
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// A value for people: not longer than a state's name.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => "not there".to_owned(),
        Some(value) => match plain(value) {
            Some(text) if text.chars().count() <= 40 => format!("`{text}`"),
            Some(_) => "a long text".to_owned(),
            None if value.is_null() => "null".to_owned(),
            None => "a list or an object".to_owned(),
        },
    }
}

fn fields(
    rule: usize,
    path: &str,
    parts: &[(String, Part)],
    body: &Value,
) -> Result<Map<String, Value>, NoRow> {
    let mut fields = Map::new();
    for (name, part) in parts {
        if let Some(value) = value_of(rule, &format!("{path}.{name}"), part, body)? {
            fields.insert(name.clone(), value);
        }
    }
    Ok(fields)
}

fn value_of(rule: usize, path: &str, part: &Part, body: &Value) -> Result<Option<Value>, NoRow> {
    Ok(match part {
        Part::Literal(value) => Some(value.clone()),
        Part::Pointer(pointer) => body
            .pointer(pointer)
            .filter(|value| !value.is_null())
            .cloned(),
        Part::Table { from, map, default } => {
            let found = body.pointer(from);
            let text = found.and_then(plain).unwrap_or_default();
            match map.get(&text).or(default.as_ref()) {
                Some(value) => Some(value.clone()),
                None => {
                    return Err(NoRow::NotInTable {
                        rule,
                        field: path.to_owned(),
                        pointer: from.clone(),
                        found: shown(found),
                        known: map.keys().cloned().collect::<Vec<_>>().join(", "),
                    });
                }
            }
        }
        Part::Text(text) => filled(text, body, |found| found).map(Value::String),
        Part::Html(text) => filled(text, body, |found| as_html(&found)).map(Value::String),
        Part::Fields(parts) => Some(Value::Object(fields(rule, path, parts, body)?)),
        Part::List(parts) => {
            let mut items = Vec::with_capacity(parts.len());
            for (index, part) in parts.iter().enumerate() {
                items.extend(value_of(rule, &format!("{path}[{index}]"), part, body)?);
            }
            Some(Value::Array(items))
        }
    })
}

/// A text with what is at the pointers in its braces; `None` when it has such, and nothing is at any of them.
fn filled(text: &str, body: &Value, written: impl Fn(String) -> String) -> Option<String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    let (mut places, mut found) = (0, 0);
    while let Some(start) = rest.find("{/") {
        filled.push_str(&rest[..start]);
        let Some(length) = rest[start..].find('}') else {
            rest = &rest[start..];
            break;
        };
        let pointer = &rest[start + 1..start + length];
        places += 1;
        let there = body.pointer(pointer).and_then(plain);
        if let Some(text) = there.filter(|text| !text.is_empty()) {
            filled.push_str(&written(text));
            found += 1;
        }
        rest = &rest[start + length + 1..];
    }
    filled.push_str(rest);
    (places == 0 || found > 0).then_some(filled)
}

/// A text in HTML, line by line.
fn as_html(text: &str) -> String {
    escaped(text).replace('\r', "").replace('\n', "<br>")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::connection_file::ConnectionFile;

    const RULES: &str = r#"
connector: intercom
callbacks:
  desk:
    secret: s
    rules:
      - when: { /type: [comment, note] }
        action: conversation_parts
        mode: note
        row:
          conversation_id: /ticket/external_id
          admin_id: "1"
          body: { text: "Desk {/ticket/id}: {/comment} {/none}{/open" }
          missing: /nothing
          nested: { list: [/ticket/id, { value: /as-is }], when: { text: "at {/at}" } }
      - when: { /type: status, /ticket/id: "5" }
        action: tickets
        mode: update
        row: { ticket_id: /ticket/external_id, ticket_state: { from: /status, map: { solved: resolved, on: in_progress } } }
      - { when: { /type: ping }, ignore: true }
"#;

    fn door() -> Callback {
        let file = ConnectionFile::parse("c.yaml".as_ref(), RULES, &|_| None).unwrap();
        file.callbacks["desk"].clone()
    }

    #[test]
    fn a_row_is_made_of_the_body_and_the_rule() {
        let body = json!({"type": "note", "ticket": {"id": 5, "external_id": "77"}, "comment": "{/type} ä", "at": true});
        let planned = plan(&door(), &body).unwrap();
        assert_eq!(planned.len(), 1);
        assert_eq!(planned[0].mode.as_deref(), Some("note"));
        assert_eq!(
            json!(planned[0].row),
            json!({"conversation_id": "77", "admin_id": "1", "body": "Desk 5: {/type} ä {/open",
                   "nested": {"list": [5, "/as-is"], "when": "at true"}})
        );
    }

    #[test]
    fn a_text_stays_text_in_html_and_one_of_nothing_is_left_out() {
        let rules = r#"
connector: intercom
callbacks:
  desk:
    secret: s
    rules:
      - action: conversation_parts
        row:
          body: { html: "<p>{/by}: {/comment}</p>" }
          title: { text: "Desk: {/title}" }
          fixed: { html: "<hr>" }
"#;
        let file = ConnectionFile::parse("c.yaml".as_ref(), rules, &|_| None).unwrap();
        let row = |body: Value| json!(plan(&file.callbacks["desk"], &body).unwrap()[0].row);
        assert_eq!(
            row(
                json!({"by": "A&B", "comment": "1 < 2\r\n<script>alert('x')</script>\"", "title": "<T>"})
            ),
            json!({"body": "<p>A&amp;B: 1 &lt; 2<br>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;</p>",
                   "title": "Desk: <T>", "fixed": "<hr>"})
        );
        assert_eq!(
            row(json!({"by": "A", "title": null})),
            json!({"body": "<p>A: </p>", "fixed": "<hr>"})
        );
        assert_eq!(row(json!({"comment": ""})), json!({"fixed": "<hr>"}));
    }

    #[test]
    fn states_are_translated_and_unknown_ones_named() {
        let body = |state: &str| json!({"type": "status", "ticket": {"id": 5, "external_id": "77"}, "status": state});
        let state = |name: &str| {
            plan(&door(), &body(name)).map(|planned| planned[0].row["ticket_state"].clone())
        };
        assert_eq!(state("solved").unwrap(), "resolved");
        assert_eq!(state("on").unwrap(), "in_progress");
        let unknown = state("odd").unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "rules[1].row.ticket_state: `odd` at /status is not in the table; known are on, solved"
        );
        assert_eq!(
            unknown.without_values(),
            "rules[1].row.ticket_state: what is at /status is not in the table; known are on, solved"
        );
        let none = plan(&door(), &json!({"type": "new", "ticket": {"id": 6}})).unwrap_err();
        assert_eq!(
            none.without_values(),
            "no rule fits what is at /type, /ticket/id"
        );
        assert_eq!(
            none.to_string(),
            "no rule fits: /type is `new`, /ticket/id is `6`"
        );
        assert_eq!(plan(&door(), &json!({"type": "ping"})), Ok(Vec::new()));
    }
}
