use serde_json::json;

use crate::world::World;

#[test]
fn documents_on_standard_input_become_entries() {
    let world = World::new(&[]);
    world.connect("field_mapping: { email: EMAIL, name: FULLNAME }\n");
    let before = world.service.requests();
    let first = json!({ "type": "contact", "id": "1", "email": "a@example.org", "name": "A", "updated_at": 1_700_000_000 });
    let input = format!("{first}\n\n{{\"id\":\n{{\"id\":\"2\",\"name\":null}}\n");
    let finished = world.run_with(&["map", "contacts"], input.as_bytes());
    assert_eq!(finished.code, Some(3), "{finished:?}");
    // The number is the line's own, blank ones counted.
    assert!(finished.err.contains("line 3"), "{finished:?}");
    let entries = finished.documents();
    assert_eq!(entries.len(), 2);
    assert_eq!(
        entries[0],
        json!({
            "stream": "contacts", "key": "1", "updated_at_ms": 1_700_000_000_000_i64, "change": "upsert",
            "data": { "EMAIL": "a@example.org", "FULLNAME": "A" },
        })
    );
    assert_eq!(entries[1]["key"], "2");
    // It is pure: nothing is asked of the service.
    assert_eq!(world.service.requests(), before);
}

#[test]
fn a_stream_that_is_not_there_is_said() {
    let world = World::new(&[]);
    let finished = world.run_with(&["map", "contact"], b"{}\n");
    assert_eq!(finished.code, Some(64));
    assert!(
        finished.err.contains("did you mean contacts?"),
        "{finished:?}"
    );
}
