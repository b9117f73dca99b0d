use serde_json::{Value, json};

use super::*;

#[test]
fn every_field_is_in_the_schema() {
    for action in all() {
        let schema: Value = serde_json::from_str(&input_schema(action)).unwrap();
        for mode in action.modes {
            for field in mode.fields() {
                let name = field.name;
                assert!(
                    schema["properties"][name].is_object(),
                    "{} {name}",
                    action.name
                );
            }
        }
    }
    let schema: Value = serde_json::from_str(&input_schema(find("contacts").unwrap())).unwrap();
    assert_eq!(
        schema["properties"]["role"],
        json!({ "enum": ["user", "lead"] })
    );
    assert_eq!(
        schema["x-modes"]["upsert"]["one_of"],
        json!([["id", "external_id", "email"]])
    );
    assert_eq!(schema["x-modes"]["block"]["since"], "2.13");
    // What a deletion does about somebody who is not there, and who may be in the archive.
    let told = &schema["x-modes"]["delete"]["not_there"];
    assert_eq!(
        told,
        "unchanged; one in the archive is found by its id only"
    );
}

/// Every placeholder of every template is a field or a reference of its mode, every field is in a template, and names
/// are unique.
#[test]
fn templates_and_fields_belong_together() {
    for action in all() {
        for mode in action.modes {
            let names: Vec<&str> = mode.fields().map(|field| field.name).collect();
            let references: Vec<&str> = mode.references.iter().map(|one| one.name).collect();
            let context = format!("{} {}", action.name, mode.name);
            let mut all = names.clone();
            all.extend(&references);
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count, "{context}: a name is there twice");
            let calls: Vec<&Call> = match mode.write {
                Write::One(calls) => calls.iter().collect(),
                Write::Either(create, update) => create.iter().chain(update).collect(),
            };
            let mut templates: Vec<&str> = calls
                .iter()
                .flat_map(|call| [call.path, call.body])
                .collect();
            let lists = mode.references.iter().filter_map(|one| one.object.list());
            templates.extend(lists.map(|(path, _)| path));
            if let Replay::Probe(probe) = mode.replay {
                templates.extend([probe.path, probe.body]);
                for (_, name) in probe.same {
                    assert!(all.contains(name), "{context}: {name}");
                }
            }
            let mut used: Vec<String> = Vec::new();
            for template in templates {
                let names = template.split(['$', '{']).skip(1);
                for rest in names {
                    let name: String = rest
                        .chars()
                        .take_while(|letter| letter.is_ascii_lowercase() || *letter == '_')
                        .collect();
                    if !name.is_empty() {
                        assert!(all.contains(&name.as_str()), "{context}: {name}");
                        used.push(name);
                    }
                }
                if template == "$*" {
                    used.extend(
                        mode.fields()
                            .filter(|one| one.sent)
                            .map(|one| one.name.to_owned()),
                    );
                }
            }
            for reference in mode.references {
                for (field, _) in reference.by {
                    assert!(names.contains(field), "{context}: {field}");
                    used.push((*field).to_owned());
                }
            }
            for name in names {
                assert!(
                    used.iter().any(|known| known == name),
                    "{context}: `{name}` is not used"
                );
            }
        }
    }
}

#[test]
fn what_can_only_be_read_says_so() {
    for name in ["segments", "contact_segments", "company_segments", "calls"] {
        assert!(is_read_only(name), "{name}");
    }
    assert!(!is_read_only("contacts") && !is_read_only("nonsense"));
}
