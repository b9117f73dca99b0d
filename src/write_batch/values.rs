//! What a row holds, in the form in which it is sent, and the templates of requests that take it.

use crate::intercom::request::encode;
use crate::json::{self, Member, Members, Object, list, quoted};
use crate::prelude::*;

/// Values as JSON, by the names of fields and references.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(Vec<(&'static str, String)>);

impl Values {
    /// All of it in one text, behind this one.
    pub fn whole(&self, first: &str) -> String {
        let mut whole = first.to_owned();
        for (name, json) in &self.0 {
            whole.push('\n');
            whole.push_str(name);
            whole.push_str(json);
        }
        whole
    }

    /// The value of a name, as JSON.
    pub fn json(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter();
        values
            .find(|(known, _)| *known == name)
            .map(|(_, json)| json.as_str())
    }

    /// The value of a name as text: a text, or a number's digits. Nothing and no text is none.
    pub fn text(&self, name: &str) -> Option<String> {
        let text = match json::parse(self.json(name)?.as_bytes()) {
            Ok(Member::Text(text)) => text,
            Ok(Member::Number(digits)) => digits.to_owned(),
            _ => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// Sets a value.
    pub fn set(&mut self, name: &'static str, json: String) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, value)) => *value = json,
            None => self.0.push((name, json)),
        }
    }

    /// Whether there is one value only.
    pub fn is_one(&self) -> bool {
        self.0.len() == 1
    }

    /// Takes a value away.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| *known != name);
    }

    /// Fills the `{name}`s of a path. A value that stands for itself, as in a rehearsal, stays as it is.
    pub fn path(&self, template: &str) -> String {
        let mut path = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            path.push_str(before);
            match self.text(name) {
                Some(text) if text != format!("{{{name}}}") => path.push_str(&encode(&text)),
                _ => path.push_str(&format!("{{{name}}}")),
            }
            rest = after;
        }
        path.push_str(rest);
        path
    }

    /// Fills a body's template; `sent` are the names that `$*` takes.
    pub fn body<'a>(&self, template: &str, sent: impl Iterator<Item = &'a str>) -> Option<String> {
        match template {
            "" => None,
            "$*" => {
                let mut members = Members::default();
                for name in sent {
                    if let Some(json) = self.json(name) {
                        members.json(name, json);
                    }
                }
                Some(members.object())
            }
            template => self.fill(&json::parse(template.as_bytes()).ok()?),
        }
    }

    /// A template with its values; none where there are none for it.
    fn fill(&self, template: &Member) -> Option<String> {
        match template {
            Member::Text(text) => match text.strip_prefix('$') {
                Some(wanted) => self.expand(wanted),
                None => Some(quoted(text)),
            },
            Member::Object(json) => {
                let object: Object = json::parse(json.as_bytes()).ok()?;
                let mut members = Members::default();
                for (name, member) in &object.0 {
                    members.some_json(name, self.fill(member));
                }
                Some(members.object()).filter(|object| object != "{}")
            }
            Member::List(json) => {
                let items: Vec<Member> = json::parse(json.as_bytes()).ok()?;
                let filled: Option<Vec<String>> =
                    items.iter().map(|item| self.fill(item)).collect();
                filled.map(|items| list(items.into_iter()))
            }
            other => Some(written(other)),
        }
    }

    /// `name`, `name|text where it is absent`, `name?text where it is there:else`, `name.text`, `name.values`, `name.null`:
    /// null as well.
    fn expand(&self, wanted: &str) -> Option<String> {
        let there = |name: &str| self.json(name).filter(|json| *json != "null");
        if let Some((name, branches)) = wanted.split_once('?') {
            let (yes, no) = branches.split_once(':')?;
            let text = if there(name).is_some() { yes } else { no };
            return self.fill(&Member::Text(text.to_owned()));
        }
        if let Some((name, default)) = wanted.split_once('|') {
            return Some(there(name).map_or_else(|| quoted(default), str::to_owned));
        }
        if let Some((name, form)) = wanted.split_once('.') {
            return match form {
                "text" => self.text(name).map(|text| quoted(&text)),
                "null" => self.json(name).map(str::to_owned),
                _ => {
                    let options: Vec<String> = json::parse(there(name)?.as_bytes()).ok()?;
                    let objects = options
                        .iter()
                        .map(|option| Members::default().text("value", option).object());
                    Some(list(objects))
                }
            };
        }
        there(wanted).map(str::to_owned)
    }
}

/// A value as JSON.
pub fn written(value: &Member) -> String {
    match value {
        Member::Null => "null".to_owned(),
        Member::Boolean(truth) => truth.to_string(),
        Member::Number(json) | Member::List(json) | Member::Object(json) => (*json).to_owned(),
        Member::Text(text) => quoted(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        let mut values = Values::default();
        values.set("contact", quoted("a/b"));
        values.set("body", quoted("Hi"));
        values.set("admin_id", "17".to_owned());
        values.set("nothing", "null".to_owned());
        values.set("options", r#"["a","b"]"#.to_owned());
        values
    }

    #[test]
    fn templates_take_what_is_there_and_leave_out_the_rest() {
        for (template, expected) in [
            (
                r#"{"id":"$contact","body":"$body","x":"$absent","n":"$nothing"}"#,
                Some(r#"{"id":"a/b","body":"Hi"}"#),
            ),
            (
                r#"{"from":{"type":"$type|user","id":"$contact"},"assignment":{"x":"$absent"}}"#,
                Some(r#"{"from":{"type":"user","id":"a/b"}}"#),
            ),
            (
                r#"{"contacts":[{"id":"$contact"}],"untag":true}"#,
                Some(r#"{"contacts":[{"id":"a/b"}],"untag":true}"#),
            ),
            (
                r#"{"a":"$body?yes:no","b":"$absent?yes:$body"}"#,
                Some(r#"{"a":"yes","b":"Hi"}"#),
            ),
            (
                r#"{"a":"$admin_id.text","b":"$options.values"}"#,
                Some(r#"{"a":"17","b":[{"value":"a"},{"value":"b"}]}"#),
            ),
            ("", None),
        ] {
            let filled = values().body(template, [].into_iter());
            assert_eq!(filled.as_deref(), expected, "{template}");
        }
        let all = values().body("$*", ["body", "nothing", "absent"].into_iter());
        assert_eq!(all.as_deref(), Some(r#"{"body":"Hi","nothing":null}"#));
    }

    #[test]
    fn paths_take_values_that_cannot_leave_their_place() {
        let path = values().path("/contacts/{contact}/tags/{tag}?x={admin_id}");
        assert_eq!(path, "/contacts/a%2Fb/tags/{tag}?x=17");
    }
}
