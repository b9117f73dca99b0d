//! Reading the steps of a pipeline, and checking that each takes what the one before it gives.

use super::condition::written;
use super::path::Type;
use super::rule::{Rule, Source};
use super::transform::SECRET_CHARACTERS;
use super::transform::{Item, Pass, Row, Shape, Step, TRANSFORMS, is_country, public_key, table};
use crate::contract::types::Problem;
use crate::failure::{problem, unknown};
use crate::json::{self, Member, Object};
use crate::prelude::*;
use records::search;

/// Reads a step: the name of a transform, or an object of its name and its argument, with an option beside them.
/// `Ok(None)` when an argument is a parameter that is not given.
pub fn read<'m>(
    member: &Member<'m>,
    place: &str,
    resolve: &dyn Fn(&Member<'m>) -> Option<Member<'m>>,
) -> Result<Option<Step>, Box<Problem>> {
    let wrong = |code: &str, message: String| Err(Box::new(problem(place, code, message)));
    let object: Object = match member {
        Member::Text(name) => Object(vec![(name.clone(), Member::Null)]),
        Member::Object(object) => json::parse(object.as_bytes()).unwrap_or_default(),
        _ => {
            return wrong(
                "type",
                "expected the name of a transform, or an object with it".to_owned(),
            );
        }
    };
    let known = |name: &str| TRANSFORMS.iter().find(|row| row.name == name);
    let Some((row, main)) = object
        .0
        .iter()
        .find_map(|(name, member)| Some((known(name)?, member)))
    else {
        let found = object.0.first().map_or("", |(name, _)| name);
        let names: Vec<&str> = TRANSFORMS.iter().map(|row| row.name).collect();
        let message = "there is no such transform";
        return Err(Box::new(unknown(
            place.to_owned(),
            "unknown_transform",
            message,
            found,
            &names,
        )));
    };
    let option = row.option.map_or("", |(name, _)| name);
    if let Some((name, _)) = object
        .0
        .iter()
        .find(|(name, _)| name != row.name && name != option)
    {
        let hint = match option {
            "" => format!("`{}` has no options", row.name),
            option => format!("`{}` has the option `{option}` only", row.name),
        };
        return Err(Box::new(problem(
            format!("{place}.{name}"),
            "unknown_key",
            hint,
        )));
    }
    let mut arguments = Vec::new();
    if let Some((name, shape)) = row.option {
        let Some(member) = resolve(object.get(name).unwrap_or(&Member::Null)) else {
            return Ok(None);
        };
        if let Err(message) = argument(shape, &member, &mut arguments) {
            return wrong("argument", format!("`{name}` {message}"));
        }
    }
    let Some(main) = resolve(main) else {
        return Ok(None);
    };
    if let Err(message) = argument(row.main, &main, &mut arguments) {
        return wrong("argument", format!("`{}` {message}", row.name));
    }
    if let Some(message) = refused(row, &arguments) {
        return wrong("argument", message);
    }
    Ok(Step::new(row.name, arguments))
}

/// What is wrong with arguments that have the right shape.
fn refused(row: &Row, arguments: &[String]) -> Option<String> {
    let last = arguments.last().map_or("", String::as_str);
    let first = arguments.first().map_or("", String::as_str);
    match row.name {
        "phone" if !last.is_empty() && !is_country(last) => Some(
            "`phone` takes the two capital letters of a country, as ISO 3166 has them".to_owned(),
        ),
        "encrypt" if public_key(last).is_none() => {
            Some("`encrypt` takes a public key of X25519: 32 bytes in base64".to_owned())
        }
        "encrypt" if search::characters(first) < SECRET_CHARACTERS => Some(format!(
            "the `secret` of `encrypt` takes at least {SECRET_CHARACTERS} characters that nobody can guess"
        )),
        _ => None,
    }
}

/// Reads what stands behind a name.
fn argument(shape: Shape, member: &Member, arguments: &mut Vec<String>) -> Result<(), String> {
    match (shape, member) {
        (Shape::Nothing, Member::Null | Member::Boolean(true)) => {}
        (Shape::Nothing, _) => return Err("takes no argument".to_owned()),
        (Shape::Text(text), Member::Null) => arguments.push(text.to_owned()),
        (Shape::Value, Member::Null) => arguments.push(String::new()),
        (Shape::Value, value) => arguments.push(written(value)),
        (Shape::Choice(names), Member::Null) => {
            arguments.extend(names.first().map(|name| (*name).to_owned()))
        }
        (Shape::Text(_), Member::Text(text)) => arguments.push(text.clone()),
        (Shape::Needed, Member::Text(text)) if !text.is_empty() => arguments.push(text.clone()),
        (Shape::Text(_) | Shape::Needed, _) => return Err("takes a text".to_owned()),
        (Shape::Number, Member::Number(digits)) if digits.parse::<u32>().is_ok() => {
            arguments.push((*digits).to_owned());
        }
        (Shape::Number, _) => return Err("takes a whole number".to_owned()),
        (Shape::Choice(names), Member::Text(name)) if names.contains(&&**name) => {
            arguments.push(name.clone())
        }
        (Shape::Choices(names), member) => {
            let chosen = match member {
                Member::Null => names.first().map(|name| vec![(*name).to_owned()]),
                Member::Text(name) => Some(vec![name.clone()]),
                Member::List(list) => json::parse(list.as_bytes()).ok(),
                _ => None,
            };
            let good = |chosen: &Vec<String>| {
                !chosen.is_empty() && chosen.iter().all(|name| names.contains(&&**name))
            };
            match chosen.filter(good) {
                Some(chosen) => arguments.push(chosen.joined(" ")),
                None => return Err(format!("takes one or several of: {}", names.joined(", "))),
            }
        }
        (Shape::Choice(names), _) => return Err(format!("takes one of: {}", names.joined(", "))),
        (Shape::Table | Shape::Names | Shape::One, Member::Object(json)) => {
            let object: Object = json::parse(json.as_bytes()).unwrap_or_default();
            match (shape, object.0.as_slice()) {
                (Shape::One, [(name, value)]) => arguments.extend([name.clone(), written(value)]),
                (Shape::Table, _) => arguments.extend(table(&object)),
                (Shape::Names, names) => {
                    for (name, field) in names {
                        let Member::Text(field) = field else {
                            return Err("takes names of fields".to_owned());
                        };
                        arguments.extend([name.clone(), field.clone()]);
                    }
                }
                _ => return Err("takes an object with one member: FIELD: VALUE".to_owned()),
            }
        }
        (Shape::Table | Shape::Names | Shape::One, _) => return Err("takes an object".to_owned()),
    }
    Ok(())
}

/// Checks a rule's pipeline from its first type to its last.
pub fn check(rule: &Rule, types: &[Type], place: &str) -> Result<(), Box<Problem>> {
    let wrong = |place: String, message: String| Err(Box::new(problem(place, "type", message)));
    let all = rule.pipeline.first().is_some_and(Step::takes_all);
    let first = types.first().copied().unwrap_or(Type::Any);
    let mut current = match all {
        true => Type::List,
        false if types.iter().all(|kind| *kind == first) => first,
        false => Type::Any,
    };
    for (at, step) in rule.pipeline.iter().enumerate() {
        let row = step.row();
        if current != Type::List && !row.takes.fits(current) {
            let message = format!(
                "`{}` takes a {}, and gets a {}",
                row.name,
                row.takes.name(),
                current.name()
            );
            return wrong(format!("{place}.pipeline[{at}]"), message);
        }
        current = step.makes_of(current);
    }
    if !rule.kind.fits(current) {
        let message = format!(
            "the value is a {}, and should be a {}",
            current.name(),
            rule.kind.name()
        );
        return wrong(format!("{place}.type"), message);
    }
    if rule.to.ends_with('*') && !Type::Object.fits(current) {
        return wrong(
            place.to_owned(),
            format!("`*` takes an object, and the value is a {}", current.name()),
        );
    }
    // A value of the mapping itself can be tried out.
    if let [Source::Literal(json)] = rule.from.as_slice()
        && !all
    {
        let mut item = Item::of(json);
        for (at, step) in rule.pipeline.iter().enumerate() {
            let mut pass = Pass::of("");
            item = match step.run(item, &mut pass) {
                Ok(item) if !pass.odd => item,
                _ => {
                    let message = format!("`{}` does not take the value", step.row().name);
                    return wrong(format!("{place}.pipeline[{at}]"), message);
                }
            };
        }
    }
    Ok(())
}
