use std::path::Path;

use serde_json::Value;

use crate::process::{finish, program};

fn run(arguments: &[&str]) -> crate::process::Finished {
    finish(program(Path::new("."), arguments), b"")
}

#[test]
fn the_description_is_one_document() {
    let finished = run(&["describe", "--json"]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let described = finished.document();
    assert_eq!(described["name"], "intercom");
    let streams: Vec<&str> = described["streams"]
        .as_array()
        .expect("streams")
        .iter()
        .filter_map(|stream| stream["name"].as_str())
        .collect();
    assert_eq!(streams.len(), 42);
    for stream in crate::stored::STREAMS {
        assert!(streams.contains(&stream), "{stream}");
    }
    // What the contract gives as documents is nested, not quoted.
    assert!(described["config_schema"]["properties"].is_object());
    assert!(described["streams"][0]["schema"]["properties"].is_object());
    assert!(described["actions"][0]["input_schema"]["properties"].is_object());
}

#[test]
fn the_description_for_people_names_the_same_streams() {
    let finished = run(&["describe"]);
    assert_eq!(finished.code, Some(0));
    for word in ["contacts", "segments", "contact.deleted", "updated_at"] {
        assert!(finished.out.contains(word), "{word}: {}", finished.out);
    }
}

#[test]
fn the_help_says_what_exit_codes_mean() {
    let help = run(&["--help"]);
    assert_eq!(help.code, Some(0));
    for (code, meaning) in [
        (0, "all of it worked"),
        (1, "it failed"),
        (2, "the connection was checked and is not good"),
        (3, "some of it worked"),
        (64, "the command line or a file is wrong"),
    ] {
        assert!(help.out.contains(&format!("{code}  {meaning}")), "{code}");
    }
    let wrong = run(&["raed"]);
    assert_eq!(wrong.code, Some(64));
    assert!(
        wrong.out.is_empty() && wrong.err.contains("read"),
        "{wrong:?}"
    );
}

/// What a command takes of its own is not lost among what all of them take.
#[test]
fn the_help_of_a_command_begins_with_its_own_options() {
    for (command, own) in [
        (&["serve", "--help"][..], "--config"),
        (&["webhook", "serve", "--help"], "--listen"),
        (&["component", "activate", "--help"], "--canary"),
    ] {
        let help = run(command);
        let (first, others) = help
            .out
            .split_once("Options of every command:")
            .expect("two parts");
        assert!(first.contains(own) && !others.contains(own), "{}", help.out);
        assert!(others.contains("--json") && !first.contains("--json"));
    }
}

#[test]
fn a_file_that_is_no_component_is_refused() {
    let finished = run(&["describe", "--json", "--component", "/dev/null"]);
    assert_eq!(finished.code, Some(1));
    assert!(finished.err.contains("no component"), "{finished:?}");
    // A program gets a document even then.
    let told: Value = finished.document();
    assert_eq!(told["ok"], false);
}
