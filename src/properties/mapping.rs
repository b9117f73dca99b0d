//! What holds for every mapping, and for every record that it is applied to.

use alloc::borrow::Cow;

use super::connection;
use crate::contract::types::{Connection, Failure};
use crate::intercom::streams::STREAMS;
use crate::json::{self, Object};
use crate::map_record::map_records;
use crate::mapping::Mapping;
use crate::mapping::apply::{Program, Subject};
use crate::triggers;

/// Any mapping, and any record: what stands before the first zero byte, and what stands behind it.
///
/// A mapping is compiled, or refused with problems that say where. What is compiled is the same when it was prepared and read
/// again. It makes objects of records, whole ones and parts, or refuses them; and so does it read the other way.
pub fn mapping(input: &[u8]) {
    let end = input.iter().position(|byte| *byte == 0);
    let (document, record) = input.split_at(end.unwrap_or(input.len()));
    let record = record.get(1..).unwrap_or_default();
    let compiled = match Mapping::compile(document, None) {
        Ok(compiled) => compiled,
        Err(failure) => return assert_refused(&failure),
    };
    let prepared = compiled.prepare(&triggers::pack(&[]));
    let given = |mapping: Option<&[u8]>, prepared: Option<&[u8]>| Connection {
        mapping: mapping.map(<[u8]>::to_vec),
        prepared: prepared.map(<[u8]>::to_vec),
        ..connection()
    };
    assert_eq!(
        Mapping::of(&given(None, Some(&prepared))).as_ref(),
        Ok(&compiled),
        "what was prepared is another mapping"
    );
    for stream in STREAMS {
        let Some(section) = compiled.section(stream.name) else {
            continue;
        };
        let records = [record.to_vec()];
        let mapped = map_records(&given(Some(document), None), stream.name, &records);
        assert_eq!(
            mapped,
            map_records(&given(None, Some(&prepared)), stream.name, &records),
            "what was prepared maps otherwise"
        );
        for entry in mapped.unwrap_or_default().into_iter().flatten() {
            assert_object(&entry.payload);
        }
        let Ok(text) = str::from_utf8(record) else {
            continue;
        };
        let program = Program::new(stream, Cow::Borrowed(section));
        for whole in [true, false] {
            let subject = Subject {
                record: text,
                places: &[],
                key: "key",
                company: whole.then_some(text),
                parts: whole.then_some(text),
                whole,
            };
            if let Ok(Some(mapped)) = program.apply(&subject) {
                assert_object(&mapped.payload);
            }
            if let Ok(explained) = program.explain(&subject) {
                assert_object(&explained);
            }
        }
        match compiled.inverse(stream) {
            Ok(None) => panic!("{} has a mapping and no inverse", stream.name),
            Ok(Some(inverse)) => match inverse.apply(record) {
                Ok(written) => assert_object(&written),
                Err(failure) => assert!(!failure.problems.is_empty(), "{failure:?}"),
            },
            Err(failure) => assert_refused(&failure),
        }
    }
}

/// That everything that is wrong says where.
fn assert_refused(failure: &Failure) {
    assert!(!failure.problems.is_empty(), "{failure:?}");
    for problem in &failure.problems {
        let whole = matches!(problem.code.as_str(), "json" | "type");
        assert!(whole || !problem.path.is_empty(), "{problem:?}");
        assert!(!problem.message.is_empty(), "{problem:?}");
    }
}

fn assert_object(payload: &[u8]) {
    let object = json::parse::<Object>(payload);
    assert!(object.is_ok(), "a payload is no object: {object:?}");
}
