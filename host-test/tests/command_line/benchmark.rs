use crate::process::{finish, program};

#[test]
fn the_cost_of_reading_is_one_document() {
    let folder = written::Folder::new();
    let arguments = ["--json", "bench", "--contacts", "300", "--runs", "3"];
    let finished = finish(program(folder.path(), arguments), b"");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let report = finished.document();
    assert_eq!(
        (&report["ok"], &report["contacts"]),
        (&true.into(), &300.into())
    );
    let runs = report["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 3);
    for run in runs {
        let component = run["component_seconds"].as_f64().expect("a number");
        let processor = run["processor_seconds"].as_f64().expect("a number");
        assert!(component > 0.0 && processor > 0.0, "{run}");
        assert!(run["bytes"].as_u64() > Some(300 * 1_000), "{run}");
    }
}
