//! Companies, and what hangs on them.

use super::contacts::tag;
use super::field::{address, field};
use super::{Absent, Action, By, Does, Input, InputField, Object, Probe, Reference};
use super::{delete, mode, post, put};

const PERMISSION: &str = "Write users and companies";

const BY_EITHER: &[(&str, By)] = &[("id", By::Id), ("company_id", By::Member("company_id"))];

const fn company(absent: Absent) -> Reference {
    Reference {
        name: "company",
        object: Object::Company,
        by: BY_EITHER,
        absent,
    }
}

const ADDRESS: &[InputField] = &[address("id", Input::Id), address("company_id", Input::Id)];

const KEY: &[InputField] = &[field("company_id", Input::Id).required()];

const FIELDS: &[InputField] = &[
    field("name", Input::Text),
    field("plan", Input::Text),
    field("size", Input::Integer),
    field("website", Input::Text),
    field("industry", Input::Text),
    field("monthly_spend", Input::Integer),
    field("custom_attributes", Input::Attributes),
];

const CREATION: &[InputField] = &[
    field("remote_created_at", Input::Epoch),
    field("update_last_request_at", Input::Boolean).since("2.16"),
];

const NOTE: &[InputField] = &[
    field("body", Input::Name(u16::MAX)).required(),
    field("admin_id", Input::Id),
];

const NOTED: &Probe = &Probe {
    path: "/companies/{company}/notes",
    body: "",
    within: &["data"],
    kinds: &[],
    same: &[("body", "body"), ("author.id", "admin_id")],
    indexed: false,
};

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "companies",
        modes: &[
            mode(
                "upsert",
                &[KEY, FIELDS, CREATION],
                &[Reference {
                    by: &[("company_id", By::Sent)],
                    ..company(Absent::Created)
                }],
                &[post("/companies", "$*").does(Does::Updates)],
            ),
            mode(
                "update",
                &[ADDRESS, FIELDS],
                &[company(Absent::Fails)],
                &[put("/companies/{company}", "$*")],
            ),
            mode(
                "delete",
                &[ADDRESS],
                &[company(Absent::Unchanged)],
                &[delete("/companies/{company}")],
            ),
        ],
        batch_limit: 500,
        permission: PERMISSION,
        attributes: Some("company"),
    },
    Action {
        name: "company_tags",
        modes: &[
            mode(
                "add",
                &[ADDRESS, &[address("tag_name", Input::Name(255)).required()]],
                &[company(Absent::Fails), TAG],
                &[post(
                    "/tags",
                    r#"{"name":"$tag_name","companies":[{"id":"$company"}]}"#,
                )
                .does(Does::Updates)],
            ),
            mode(
                "remove",
                &[ADDRESS, &[address("tag_name", Input::Name(255)).required()]],
                &[company(Absent::Unchanged), Reference { absent: Absent::Unchanged, ..TAG }],
                &[post(
                    "/tags",
                    r#"{"name":"$tag_name","companies":[{"id":"$company","company_id":"$company_id","untag":true}]}"#,
                )
                .does(Does::Deletes)],
            ),
        ],
        batch_limit: 500,
        permission: "Write tags",
        attributes: None,
    },
    Action {
        name: "company_notes",
        modes: &[mode(
            "create",
            &[ADDRESS, NOTE],
            &[company(Absent::Fails)],
            &[post("/companies/{company}/notes", "$*")],
        )
        .probed(NOTED)
        .since("2.16")],
        batch_limit: 200,
        permission: PERMISSION,
        attributes: None,
    },
];

/// A tag that is sent by its name.
const TAG: Reference = Reference {
    by: &[("tag_name", By::Member("name"))],
    ..tag(Absent::Made)
};
