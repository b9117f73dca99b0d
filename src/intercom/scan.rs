//! Walks through JSON that was validated before: finds where members and values begin and end, and reads nothing else. On
//! text that is no JSON it finds fewer members; it never panics.

use std::ops::Range;

use serde_json::value::RawValue;

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// The name between its quotes, escapes and all.
    pub name: &'a str,
    /// Where the value stands in the object's text.
    pub value: Range<usize>,
}

/// The members of an object, in order. Of anything else there are none.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Members<'a> {
    /// The members of a value.
    pub fn of(value: &'a RawValue) -> Self {
        Self::within(value.get())
    }

    /// The members of a value that is a part of validated JSON.
    pub fn within(text: &'a str) -> Self {
        let at = if text.starts_with('{') { 1 } else { text.len() };
        Self { text, at }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        let bytes = self.text.as_bytes();
        let open = skip(bytes, self.at, b',');
        if bytes.get(open) != Some(&b'"') {
            return None;
        }
        let close = string_end(bytes, open + 1)?;
        let start = skip(bytes, close + 1, b':');
        let end = value_end(bytes, start)?;
        self.at = end;
        Some(Member {
            name: self.text.get(open + 1..close)?,
            value: start..end,
        })
    }
}

/// The first byte from `at` on that is neither blank nor `also`.
fn skip(bytes: &[u8], mut at: usize, also: u8) -> usize {
    while bytes
        .get(at)
        .is_some_and(|byte| *byte == also || matches!(byte, b' ' | b'\n' | b'\t' | b'\r'))
    {
        at += 1;
    }
    at
}

/// Where the quote stands that closes a string whose first byte is at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The end of the value that begins at `at`.
fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => Some(string_end(bytes, at + 1)? + 1),
        b'{' | b'[' => container_end(bytes, at + 1),
        _ => {
            let length = bytes
                .get(at..)?
                .iter()
                .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\t' | b'\r'));
            Some(length.map_or(bytes.len(), |length| at + length))
        }
    }
}

/// The end of the object or list whose first byte within is at `at`.
fn container_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 1_usize;
    while depth > 0 {
        match bytes.get(at)? {
            b'"' => at = string_end(bytes, at + 1)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn members(text: &str) -> Vec<(&str, &str)> {
        Members::within(text)
            .map(|member| (member.name, &text[member.value]))
            .collect()
    }

    #[test]
    fn members_are_found_where_they_are() {
        assert_eq!(
            members(
                "{ \"a\" : 1 ,\n\"b\":\"x,}\\\"]\" , \"c\":{\"d\":[1,{\"e\":\"}\"}]},\"\\u00e9\":null}"
            ),
            [
                ("a", "1"),
                ("b", "\"x,}\\\"]\""),
                ("c", "{\"d\":[1,{\"e\":\"}\"}]}"),
                ("\\u00e9", "null")
            ]
        );
        for none in ["{}", "[]", "[{\"a\":1}]", "null", "", "\"{\\\"a\\\":1}\""] {
            assert_eq!(members(none), [], "{none}");
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(".{0,8}", inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_a_parser_finds(value in json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let found: Vec<(String, Value)> = Members::within(&text)
                .map(|member| {
                    let name = serde_json::from_str(&format!("\"{}\"", member.name)).unwrap();
                    (name, serde_json::from_str(&text[member.value]).unwrap())
                })
                .collect();
            let expected: Vec<(String, Value)> =
                value.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn no_text_is_a_crash(text in ".{0,200}", cut in 0usize..60) {
            let _ = Members::within(&text).count();
            let damaged: String = "{\"a\":{\"b\":[1,\"\\\"\"]},\"c\":true}".chars().take(cut).collect();
            let _ = Members::within(&damaged).count();
        }
    }
}
