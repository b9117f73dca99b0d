//! What a ticket holds, by its type: names are checked, and the items of lists may be given by their labels.

use super::attributes::{Checked, decimal, fits, type_of};
use super::values::{Values, written};
use crate::config::MissingAttribute;
use crate::contract::types::Problem;
use crate::failure::{nearest, problem};
use crate::intercom::request::encode;
use crate::json::{self, Member, Members, Object, quoted};
use crate::prelude::*;

/// The request that creates an attribute of a type of tickets: path and body. It has to be described.
pub fn making(type_id: &str, name: &str, data_type: &str) -> (String, String) {
    let body = Members::default()
        .text("name", name)
        .text("description", name)
        .text("data_type", decimal(data_type))
        .object();
    let path = format!("/ticket_types/{}/attributes", encode(type_id));
    (path, body)
}

/// Checks the attributes of a row against the type of its ticket, and leaves out of it what the policy wants to be left out.
/// `creates`: the row creates the ticket, so that it needs what the type needs.
pub fn check(
    values: &mut Values,
    type_json: &str,
    creates: bool,
    policy: MissingAttribute,
) -> Checked {
    let mut checked = Checked::default();
    let json = json::member(type_json, "data").unwrap_or("[]");
    let all: Vec<Object> = json::parse(json.as_bytes()).unwrap_or_default();
    // A type whose attributes cannot be read says nothing.
    if all.is_empty() {
        return checked;
    }
    let name_of = |attribute: &Object| match attribute.get("name") {
        Some(Member::Text(name)) => name.clone(),
        _ => String::new(),
    };
    let given_json = values.json("ticket_attributes").unwrap_or("{}").to_owned();
    let given: Object = json::parse(given_json.as_bytes()).unwrap_or_default();
    let problems = &mut checked.problems;
    let mut sent = Members::default();
    for (name, value) in &given.0 {
        let path = format!("ticket_attributes.{name}");
        let known = all.iter().find(|known| name_of(known) == *name);
        let data_type = match known.and_then(|known| known.get("data_type")) {
            Some(Member::Text(data_type)) => data_type.as_str(),
            _ => "",
        };
        if !fits(data_type, value) {
            problems.push(Problem {
                expected: Some(data_type.to_owned()),
                ..problem(
                    path,
                    "attribute_type",
                    format!("the attribute's type is {data_type}"),
                )
            });
            continue;
        }
        let json = match known {
            Some(known) => match item(known, value) {
                Ok(json) => json,
                Err(labels) => {
                    problems.push(Problem {
                        expected: Some(labels.clone()),
                        ..problem(path, "value", format!("expected one of {labels}"))
                    });
                    continue;
                }
            },
            // Every type has these, and some list them not.
            None if name.starts_with("_default_") => written(value),
            None if policy == MissingAttribute::Drop => {
                checked.dropped.push(name.clone());
                continue;
            }
            None if policy == MissingAttribute::Create && *value == Member::Null => continue,
            None if policy == MissingAttribute::Create
                && let Some(its_type) = type_of(value) =>
            {
                checked.missing.push((name.clone(), its_type));
                written(value)
            }
            None => {
                let names: Vec<String> = all.iter().map(name_of).collect();
                let hint = nearest(name, names.iter().map(String::as_str))
                    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                problems.push(problem(
                    path,
                    "missing_attribute",
                    format!("the ticket type has no such attribute{hint}"),
                ));
                continue;
            }
        };
        sent.json(name, &json);
    }
    let needed = |attribute: &&Object| {
        creates
            && attribute.get("required_to_create") == Some(&Member::Boolean(true))
            && attribute.get("archived") != Some(&Member::Boolean(true))
    };
    for name in all.iter().filter(needed).map(name_of) {
        if given.get(&name).is_none() {
            problems.push(problem(
                format!("ticket_attributes.{name}"),
                "missing",
                "the ticket type needs this attribute",
            ));
        }
    }
    if !given.0.is_empty() {
        values.set("ticket_attributes", sent.object());
    }
    checked
}

/// A value in the form in which it is sent: for a list, the id of the item that is given by its label or id.
fn item(attribute: &Object, value: &Member) -> Result<String, String> {
    let is_list = attribute.get("data_type") == Some(&Member::Text("list".to_owned()));
    let (true, Member::Text(text), Some(Member::Object(options))) =
        (is_list, value, attribute.get("input_options"))
    else {
        return Ok(written(value));
    };
    let items = json::member(options, "list_options").unwrap_or("[]");
    let items: Vec<Object> = json::parse(items.as_bytes()).unwrap_or_default();
    let mut labels = Vec::new();
    for item in &items {
        let (Some(Member::Text(id)), Some(Member::Text(label))) =
            (item.get("id"), item.get("label"))
        else {
            continue;
        };
        if id == text || label == text {
            return Ok(quoted(id));
        }
        labels.push(label.as_str());
    }
    match labels.is_empty() {
        true => Ok(written(value)),
        false => Err(labels.joined(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = r#"{"type":"list","data":[
        {"name":"_default_title_","data_type":"string"},
        {"name":"Severity","data_type":"list","required_to_create":true,"input_options":{"list_options":[{"id":"11","label":"High"},{"id":"12","label":"Low"}]}}]}"#;

    fn checked(json: &str, creates: bool) -> Result<String, Vec<String>> {
        let mut values = Values::default();
        values.set("ticket_attributes", json.to_owned());
        let checked = check(&mut values, TYPE, creates, MissingAttribute::Fail);
        match checked.problems.is_empty() {
            true => Ok(values.json("ticket_attributes").unwrap_or("").to_owned()),
            false => Err(checked.problems.into_iter().map(|one| one.path).collect()),
        }
    }

    #[test]
    fn what_the_type_lacks_is_created_or_left_out_where_the_policy_says_so() {
        let given =
            r#"{"_default_title_":"T","weight":1.5,"colour":"red","nothing":null,"several":["a"]}"#;
        let check = |policy| {
            let mut values = Values::default();
            values.set("ticket_attributes", given.to_owned());
            let checked = check(&mut values, TYPE, false, policy);
            let json = values.json("ticket_attributes").unwrap().to_owned();
            (checked, json)
        };
        let (dropped, json) = check(MissingAttribute::Drop);
        assert_eq!(dropped.dropped, ["weight", "colour", "nothing", "several"]);
        assert_eq!(json, r#"{"_default_title_":"T"}"#);
        let (created, json) = check(MissingAttribute::Create);
        let missing = created
            .missing
            .iter()
            .map(|(name, kind)| (name.as_str(), *kind));
        assert_eq!(
            missing.collect::<Vec<_>>(),
            [("weight", "float"), ("colour", "string")]
        );
        // A list does not say which items it may have.
        assert_eq!(created.problems.len(), 1);
        assert_eq!(created.problems[0].path, "ticket_attributes.several");
        assert_eq!(
            json,
            r#"{"_default_title_":"T","weight":1.5,"colour":"red"}"#
        );
        assert_eq!(
            making("7/8", "weight", "float"),
            (
                "/ticket_types/7%2F8/attributes".to_owned(),
                r#"{"name":"weight","description":"weight","data_type":"decimal"}"#.to_owned()
            )
        );
    }

    #[test]
    fn labels_become_ids_and_wrong_names_are_told() {
        assert_eq!(
            checked(r#"{"_default_title_":"T","Severity":"High"}"#, true).as_deref(),
            Ok(r#"{"_default_title_":"T","Severity":"11"}"#)
        );
        assert_eq!(
            checked(r#"{"Severty":"12"}"#, true),
            Err(vec![
                "ticket_attributes.Severty".to_owned(),
                "ticket_attributes.Severity".to_owned()
            ])
        );
        assert_eq!(
            checked(r#"{"Severity":"Middle"}"#, false).map_err(|paths| paths.len()),
            Err(1)
        );
        assert_eq!(
            checked(r#"{"_default_title_":5,"Severity":"Low"}"#, false),
            Err(vec!["ticket_attributes._default_title_".to_owned()])
        );
        assert_eq!(
            checked(r#"{"_default_description_":"D"}"#, false).as_deref(),
            Ok(r#"{"_default_description_":"D"}"#)
        );
    }
}
