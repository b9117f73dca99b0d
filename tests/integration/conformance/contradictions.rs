use std::path::Path;

use conformance::{contradictions, documents};

/// Writes the list anew.
const RENEW: &str = "RENEW_CONTRADICTIONS";

#[test]
fn the_list_of_contradictions_is_current() {
    let Some(documents) = documents::stable() else {
        return;
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/integration/conformance/CONTRADICTIONS.md");
    let found = contradictions::page(documents);
    if std::env::var_os(RENEW).is_some() {
        std::fs::write(&path, &found).expect("the list is written");
    }
    let listed = std::fs::read_to_string(&path).unwrap_or_default();
    let only = |one: &str, other: &str| -> Vec<String> {
        let lines = one
            .lines()
            .filter(|line| !other.lines().any(|known| known == *line));
        lines.map(str::to_owned).collect()
    };
    assert!(
        found == listed,
        "{} is not current; {RENEW}=1 writes it anew.\nfound and not listed: {:#?}\nlisted and not found: {:#?}",
        path.display(),
        only(&found, &listed),
        only(&listed, &found)
    );
}

/// The examples of 2.11 contradict its schemas; to find nothing would mean that nothing is looked at.
#[test]
fn examples_are_many_and_some_contradict_their_schemas() {
    let Some([oldest, newest]) = documents::stable() else {
        return;
    };
    assert!(oldest.examples().count() >= 250 && newest.examples().count() >= 500);
    let places: Vec<&str> = oldest
        .contradictions()
        .iter()
        .map(|contradiction| contradiction.place.as_str())
        .collect();
    for place in [
        "company/required/size",
        "admin/required/job_title",
        "tag/required/applied_at",
    ] {
        assert!(places.contains(&place), "{places:#?}");
    }
}
