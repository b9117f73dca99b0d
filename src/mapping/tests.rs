//! Mappings as people write them, and records.

mod documents;
mod inverse;
mod presets;
/// What holds for every mapping.
mod properties;
mod told;

use alloc::borrow::Cow;

use serde_json::{Value as Json, json};

use super::apply::{Program, Subject};
use super::*;
use crate::intercom::streams::find;
use crate::map_record::map_records;

fn compiled(mapping: &str) -> Mapping {
    let mapping = Mapping::compile(mapping.as_bytes(), None).unwrap();
    let prepared = Mapping::unpack(&mapping.pack()).unwrap();
    assert_eq!(prepared, mapping);
    mapping
}

fn subject(record: &str) -> Subject<'_> {
    Subject {
        record,
        places: &[],
        key: "1",
        company: None,
        parts: None,
        whole: true,
    }
}

fn program<'m>(mapping: &'m Mapping, stream: &str) -> Program<'m> {
    Program::new(
        find(stream).unwrap(),
        Cow::Borrowed(mapping.section(stream).unwrap()),
    )
}

fn mapped_of(stream: &str, mapping: &str, record: &str) -> String {
    let mapped = program(&compiled(mapping), stream).apply(&subject(record));
    String::from_utf8(mapped.unwrap().unwrap().payload).unwrap()
}

fn mapped(mapping: &str, record: &str) -> String {
    mapped_of("contacts", mapping, record)
}

fn problems(mapping: &str) -> Vec<(String, String)> {
    let failure = Mapping::compile(mapping.as_bytes(), None).unwrap_err();
    assert_eq!(failure.code, "invalid_mapping");
    let problems = failure.problems.into_iter();
    problems.map(|one| (one.path, one.code)).collect()
}

#[test]
fn paths_names_and_custom_attributes_are_mapped() {
    assert_eq!(
        mapped(
            r#"{"email":"email","name":"FULL \"NAME\"","custom_attributes.plan_tier":"PLAN","custom_attributes.a.b":"DOTTED","tags.data.1.id":"TAG","location.city":"X","custom_attributes":"ALL"}"#,
            r#"{"email":"a@b.c","name":null,"custom_attributes":{"plan_tier":"pro","a.b":3},"tags":{"data":[{"id":"1"},{"id":"2"}]}}"#,
        ),
        r#"{"email":"a@b.c","FULL \"NAME\"":null,"PLAN":"pro","DOTTED":3,"TAG":"2","ALL":{"plan_tier":"pro","a.b":3}}"#,
    );
}

#[test]
fn a_rule_takes_the_first_that_is_there_else_its_default() {
    let mapping = r#"{"contacts":[
        {"from":["name","email"],"to":"a.name","pipeline":["trim",{"split_name":"first"},"upper"]},
        {"from":"phone","to":"phone","default":"none"},
        {"from":{"literal":{"x":[1]}},"to":"a.fixed"},
        {"from":"role","to":"kind","pipeline":[{"map":{"user":1,"lead":2}}],"type":"number"},
        {"from":"custom_attributes.n","to":"n","pipeline":["number"],"when":{"path":"role","in":["user"]}}]}"#;
    assert_eq!(
        mapped(
            mapping,
            r#"{"name":"","email":" ada lovelace","role":"user","custom_attributes":{"n":"+7.50"}}"#
        ),
        r#"{"a":{"name":"ADA","fixed":{"x":[1]}},"phone":"none","kind":1,"n":7.50}"#
    );
    let record = r#"{"name":"x","phone":"1","role":"boss","custom_attributes":{"n":"seven"}}"#;
    let mapped = program(&compiled(mapping), "contacts")
        .apply(&subject(record))
        .unwrap()
        .unwrap();
    assert_eq!(mapped.odd, ["kind"]);
    assert_eq!(
        String::from_utf8(mapped.payload).unwrap(),
        r#"{"a":{"name":"X","fixed":{"x":[1]}},"phone":"1"}"#
    );
}

#[test]
fn values_are_gathered_in_lists_and_objects() {
    let mapping = r#"{"contacts":{"nulls":false,"custom_attributes":{"keep":"attributes.C_"},"rules":[
        {"from":{"literal":35},"to":"lists[]","when":{"path":"role","equals":"user"}},
        {"from":"tags.data","to":"lists[]","pipeline":[{"pluck":"id"},{"map":{"7":70,"8":80}}]},
        {"from":"tags.data","to":"tags","pipeline":[{"join":", ","of":"name"}]},
        {"from":"tags.data","to":"vip","pipeline":[{"find":{"name":"vip"},"value":"id"}]},
        {"from":"custom_attributes.plan","to":"attributes.PLAN"},
        {"from":"name","to":"name"}]}}"#;
    let record = r#"{"role":"user","name":null,"tags":{"data":[{"id":"8","name":"a"},{"id":7,"name":"vip"},{"id":"9"}]},"custom_attributes":{"plan":"pro","seats":3,"x\"":null}}"#;
    assert_eq!(
        mapped(mapping, record),
        r#"{"attributes":{"C_seats":3,"PLAN":"pro"},"lists":[35,80,70],"tags":"a, vip","vip":7}"#
    );
    assert_eq!(mapped(mapping, "{}"), "{}");
}

#[test]
fn a_target_may_have_several_rules_under_conditions() {
    let mapping = r#"{"conversations":[
        {"from":{"literal":"vip"},"to":"team","when":{"path":"priority","equals":"priority"}},
        {"from":{"literal":"night"},"to":"team","when":{"all":[{"path":"open","equals":true},{"not":{"path":"title","present":true}}]}},
        {"from":"team_assignee_id","to":"team"}]}"#;
    let team = |record: &str| mapped_of("conversations", mapping, record);
    assert_eq!(
        team(r#"{"priority":"priority","open":true,"team_assignee_id":"5"}"#),
        r#"{"team":"vip"}"#
    );
    assert_eq!(
        team(r#"{"open":true,"title":"","team_assignee_id":"5"}"#),
        r#"{"team":"night"}"#
    );
    assert_eq!(
        team(r#"{"open":true,"title":"x","team_assignee_id":"5"}"#),
        r#"{"team":"5"}"#
    );
}

#[test]
fn of_an_empty_list_a_target_is_told_that_there_is_nothing() {
    let mapping = compiled(
        r#"{"contacts":[{"from":"tags.data","to":"TAGS","pipeline":[{"join":", ","of":"name"}]}]}"#,
    );
    let record = subject(r#"{"tags":{"data":[]}}"#);
    for whole in [true, false] {
        let mapped = program(&mapping, "contacts").apply(&Subject { whole, ..record });
        let payload = mapped.unwrap().unwrap().payload;
        assert_eq!(payload, br#"{"TAGS":null}"#, "whole: {whole}");
    }
    assert_eq!(
        program(&mapping, "contacts")
            .apply(&subject("{}"))
            .unwrap()
            .unwrap()
            .payload,
        b"{}"
    );
}
