//! The mapping from canonical records to the customer's fields, compiled once into `prepared`.
//!
//! The plain form is an object `{"source.path": "TARGET"}`. Rules that stand directly in the mapping are for contacts;
//! rules for another stream stand in an object under its name.

use crate::contract::types::{Connection, Failure, Problem};
use crate::failure::{invalid_input, nearest, not_valid, problem};
use crate::intercom::streams;
use crate::json::{self, Invalid, Member, Members, Object, Reader, Unexpected, Value, quoted};

/// The format of `prepared` that is written, and the only one read so far.
pub const FORMAT: u8 = b'1';

/// The stream of the rules that stand directly in a mapping.
const DEFAULT_STREAM: &str = "contacts";

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The stream whose records it maps.
    pub stream: String,
    /// The dotted path in the canonical record.
    pub from: String,
    /// The field of the result.
    pub to: String,
}

impl Rule {
    fn written(&self) -> String {
        Members::default()
            .text("stream", &self.stream)
            .text("from", &self.from)
            .text("to", &self.to)
            .object()
    }
}

impl<'a> Value<'a> for Rule {
    fn read(member: Member<'a>) -> Result<Self, Unexpected> {
        let mut members = Object::read(member)?;
        Ok(Self {
            stream: members.take("stream")?,
            from: members.take("from")?,
            to: members.take("to")?,
        })
    }
}

/// A compiled mapping: rules, those of one stream side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    rules: Vec<Rule>,
}

impl Mapping {
    /// The mapping of a connection: from `prepared`, else compiled now. Empty when the connection has none.
    ///
    /// # Errors
    /// `invalid_mapping` with every problem, or `unreadable_prepared`.
    pub fn of(connection: &Connection) -> Result<Self, Failure> {
        match (&connection.prepared, &connection.mapping) {
            (Some(prepared), _) => Self::from_prepared(prepared),
            (None, Some(document)) => Self::compile(document),
            (None, None) => Ok(Self::default()),
        }
    }

    /// Reads what [`Mapping::prepare`] wrote.
    fn from_prepared(prepared: &[u8]) -> Result<Self, Failure> {
        let unreadable = |why: &str| {
            invalid_input(
                "unreadable_prepared",
                format!(
                    "the prepared mapping cannot be read: {why}. Check the connection again to prepare it anew."
                ),
                vec![problem("prepared", "unreadable_prepared", why)],
            )
        };
        match prepared.split_first() {
            Some((&FORMAT, document)) => match json::parse(document) {
                Ok(rules) => Ok(Self { rules }),
                Err(_) => Err(unreadable("it is damaged")),
            },
            Some(_) => Err(unreadable("it is in another format")),
            None => Err(unreadable("it is empty")),
        }
    }

    /// Writes the compiled mapping for [`Connection::prepared`].
    pub fn prepare(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        bytes.append(&mut json::list(self.rules.iter().map(Rule::written)).into_bytes());
        bytes
    }

    /// Compiles a mapping document.
    ///
    /// # Errors
    /// `invalid_mapping`, with every problem and its path.
    pub fn compile(document: &[u8]) -> Result<Self, Failure> {
        let mut mapping = Self::default();
        let mut problems = Vec::new();
        match json::parse::<Option<Object>>(document) {
            Ok(members) => {
                for (name, value) in &members.unwrap_or_default().0 {
                    mapping.compile_member(name, value, &mut problems);
                }
            }
            Err(reason) => {
                problems.push(problem(
                    "field_mapping",
                    "json",
                    format!("expected a JSON object; {reason}"),
                ));
            }
        }
        if problems.is_empty() {
            return Ok(mapping);
        }
        Err(not_valid("invalid_mapping", "the mapping", problems))
    }

    fn compile_member(&mut self, name: &str, value: &Member, problems: &mut Vec<Problem>) {
        let path = format!("field_mapping.{name}");
        match value {
            Member::Object(rules) if streams::find(name).is_some() => {
                let rules: Object = json::parse(rules.as_bytes()).unwrap_or_default();
                for (from, to) in &rules.0 {
                    self.add(name, from, to, &format!("{path}.{from}"), problems);
                }
            }
            Member::Object(_) => {
                let hint = nearest(name, streams::names())
                    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                problems.push(Problem {
                    expected: Some(streams::names().collect::<Vec<_>>().join(", ")),
                    ..problem(
                        path,
                        "unknown_stream",
                        format!("there is no stream of this name{hint}"),
                    )
                });
            }
            to => self.add(DEFAULT_STREAM, name, to, &path, problems),
        }
    }

    fn add(
        &mut self,
        stream: &str,
        from: &str,
        to: &Member,
        path: &str,
        problems: &mut Vec<Problem>,
    ) {
        let Member::Text(to) = to else {
            problems.push(Problem {
                expected: Some("text".to_owned()),
                ..problem(path, "type", "the target is not the name of a field")
            });
            return;
        };
        if from.split('.').any(str::is_empty) {
            problems.push(problem(path, "path", "the source path has an empty part"));
        }
        if to.is_empty() {
            problems.push(problem(path, "target", "the target has no name"));
        }
        if let Some(other) = self
            .rules(stream)
            .unwrap_or_default()
            .iter()
            .find(|rule| rule.to == *to)
        {
            problems.push(problem(
                path,
                "duplicate_target",
                format!("`{to}` is the target of `{}` as well", other.from),
            ));
        }
        let last = self.rules.iter().rposition(|rule| rule.stream == stream);
        let rule = Rule {
            stream: stream.to_owned(),
            from: from.to_owned(),
            to: to.clone(),
        };
        self.rules
            .insert(last.map_or(self.rules.len(), |last| last + 1), rule);
    }

    /// The rules of a stream; absent when its records are given as they are.
    pub fn rules(&self, stream: &str) -> Option<&[Rule]> {
        let first = self.rules.iter().position(|rule| rule.stream == stream)?;
        let last = self.rules.iter().rposition(|rule| rule.stream == stream)?;
        self.rules.get(first..=last)
    }
}

/// Applies rules to a record: an object with each target whose source the record has, in the order of the rules.
///
/// # Errors
/// When the record is not JSON; canonical records are.
pub fn apply(rules: &[Rule], record: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(record).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut found: Vec<Option<&str>> = vec![None; rules.len()];
    let wanted: Vec<Wanted> = rules
        .iter()
        .enumerate()
        .map(|(rule, one)| Wanted {
            rule,
            path: &one.from,
        })
        .collect();
    let mut reader = Reader::new(text);
    capture(&mut reader, &wanted, &mut found)
        .map_err(|invalid| format!("it is not JSON (byte {})", invalid.at))?;
    let mut out = Vec::with_capacity(record.len() / 4);
    out.push(b'{');
    for (rule, value) in rules.iter().zip(&found) {
        if let Some(value) = value {
            if out.len() > 1 {
                out.push(b',');
            }
            out.extend_from_slice(quoted(&rule.to).as_bytes());
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
        }
    }
    out.push(b'}');
    Ok(out)
}

/// The value at a dotted path of a record, as it is written there.
pub fn value_at<'a>(record: &'a str, path: &str) -> Option<&'a str> {
    let mut found = [None];
    capture(
        &mut Reader::new(record),
        &[Wanted { rule: 0, path }],
        &mut found,
    )
    .ok()?;
    found[0].map(str::trim)
}

/// A path, or the rest of one, and the rule that it belongs to.
#[derive(Clone, Copy)]
struct Wanted<'r> {
    rule: usize,
    path: &'r str,
}

/// Picks the values at several paths in one pass. A name that holds dots itself is found too, since the whole rest of a
/// path is compared before its first part is.
fn capture<'a>(
    reader: &mut Reader<'a>,
    wanted: &[Wanted],
    found: &mut [Option<&'a str>],
) -> Result<(), Invalid> {
    match reader.peek()? {
        b'{' => reader.object(|reader, name| {
            if name.escaped {
                step(reader, &name.unescaped(), wanted, found)
            } else {
                step(reader, name.text, wanted, found)
            }
        }),
        b'[' => {
            let mut index: usize = 0;
            reader.list(|reader| {
                let name = index.to_string();
                index += 1;
                step(reader, &name, wanted, found)
            })
        }
        _ => reader.value().map(drop),
    }
}

/// Takes the value of a name: for the rules whose path ends here, and further down for those whose path goes on.
fn step<'a>(
    reader: &mut Reader<'a>,
    name: &str,
    wanted: &[Wanted],
    found: &mut [Option<&'a str>],
) -> Result<(), Invalid> {
    let rests = wanted
        .iter()
        .filter_map(|one| Some((one.rule, one.path.strip_prefix(name)?)));
    let deeper: Vec<Wanted> = rests
        .clone()
        .filter_map(|(rule, rest)| {
            Some(Wanted {
                rule,
                path: rest.strip_prefix('.')?,
            })
        })
        .collect();
    let start = {
        reader.peek()?;
        reader.place()
    };
    if deeper.is_empty() {
        reader.value()?;
    } else {
        capture(reader, &deeper, found)?;
    }
    let value = reader.text().get(start..reader.place());
    for (rule, _) in rests.filter(|(_, rest)| rest.is_empty()) {
        found[rule] = value;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(mapping: &str, record: &str) -> String {
        let mapping = Mapping::compile(mapping.as_bytes()).unwrap();
        let prepared = Mapping::from_prepared(&mapping.prepare()).unwrap();
        assert_eq!(prepared, mapping);
        String::from_utf8(apply(mapping.rules("contacts").unwrap(), record.as_bytes()).unwrap())
            .unwrap()
    }

    #[test]
    fn paths_names_and_custom_attributes_are_mapped() {
        assert_eq!(
            mapped(
                r#"{"email":"email","name":"FULL \"NAME\"","custom_attributes.plan_tier":"PLAN","custom_attributes.a.b":"DOTTED","tags.data.1.id":"TAG","missing.path":"X","custom_attributes":"ALL"}"#,
                r#"{"email":"a@b.c","name":null,"custom_attributes":{"plan_tier":"pro","a.b":3},"tags":{"data":[{"id":"1"},{"id":"2"}]}}"#,
            ),
            r#"{"email":"a@b.c","FULL \"NAME\"":null,"PLAN":"pro","DOTTED":3,"TAG":"2","ALL":{"plan_tier":"pro","a.b":3}}"#,
        );
    }

    #[test]
    fn rules_of_other_streams_stand_under_their_name() {
        let mapping = Mapping::compile(br#"{"email":"E","companies":{"name":"N"}}"#).unwrap();
        assert_eq!(
            mapping.rules("companies"),
            Some(
                &[Rule {
                    stream: "companies".into(),
                    from: "name".into(),
                    to: "N".into()
                }][..]
            )
        );
        assert_eq!(
            mapping.rules("contacts"),
            Some(
                &[Rule {
                    stream: "contacts".into(),
                    from: "email".into(),
                    to: "E".into()
                }][..]
            )
        );
        assert_eq!(mapping.rules("tags"), None);
    }

    #[test]
    fn every_problem_is_named_with_its_path() {
        let failure = Mapping::compile(
            br#"{"a..b":"X","b":3,"c":"","compnies":{"name":"N"},"d":"Y","e":"Y"}"#,
        )
        .unwrap_err();
        let mut found: Vec<(&str, &str)> = failure
            .problems
            .iter()
            .map(|one| (one.path.as_str(), one.code.as_str()))
            .collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("field_mapping.a..b", "path"),
                ("field_mapping.b", "type"),
                ("field_mapping.c", "target"),
                ("field_mapping.compnies", "unknown_stream"),
                ("field_mapping.e", "duplicate_target"),
            ]
        );
        assert!(Mapping::compile(b"[1]").is_err() && Mapping::compile(b"{").is_err());
    }

    #[test]
    fn damaged_prepared_bytes_are_refused() {
        for bytes in [&b""[..], b"2[]", b"1[", b"1{}"] {
            assert_eq!(
                Mapping::from_prepared(bytes).unwrap_err().code,
                "unreadable_prepared"
            );
        }
    }
}
