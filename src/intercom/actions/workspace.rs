//! Events, data attributes, custom objects, and who is away.

use super::field::{address, field};
use super::{
    Absent, Action, By, Call, Does, Input, InputField, Mode, Object, Probe, Reference, Replay,
    Write,
};
use super::{FIRST, call, delete, mode, post, put};
use crate::contract::http::Method;

/// Events are told apart by contact, name and second: the same one twice is one.
const ATTRIBUTE_CREATED: &Probe = &Probe {
    path: "/data_attributes?model={model}",
    body: "",
    within: &["data"],
    kinds: &[],
    same: &[("name", "name")],
    indexed: false,
};

const EVENTS: &[Mode] = &[mode(
    "submit",
    &[&[
        address("contact_id", Input::Id),
        address("external_id", Input::Id),
        address("email", Input::Email),
        field("event_name", Input::Name(120)).required(),
        field("created_at", Input::Epoch).required(),
        field("metadata", Input::Metadata),
    ]],
    &[Reference {
        name: "contact",
        object: Object::Contact,
        by: &[
            ("contact_id", By::Id),
            ("external_id", By::Sent),
            ("email", By::Member("email")),
        ],
        absent: Absent::Later,
    }],
    &[post(
        "/events",
        r#"{"event_name":"$event_name","created_at":"$created_at","id":"$contact","user_id":"$external_id","metadata":"$metadata"}"#,
    )
    .id(&[])],
)];

const MODEL: &[InputField] = &[
    address("name", Input::Name(190)),
    address("model", Input::OneOf(&["contact", "company"])).required(),
];

const NAMED: &[InputField] = &[
    address("name", Input::Name(190)).required(),
    address("model", Input::OneOf(&["contact", "company"])).required(),
];

const DESCRIBED: &[InputField] = &[
    address("description", Input::Text),
    address("messenger_writable", Input::Boolean),
    address("options", Input::Options),
];

const ARCHIVED: &[InputField] = &[address("archived", Input::Boolean)];

const TYPE: &[InputField] = &[address(
    "data_type",
    Input::OneOf(&[
        "string", "integer", "float", "boolean", "date", "datetime", "options",
    ]),
)];

const fn attribute(absent: Absent) -> Reference {
    Reference {
        name: "attribute",
        object: Object::Attribute,
        by: &[("id", By::Id), ("name", By::Member("name"))],
        absent,
    }
}

const ID: &[InputField] = &[address("id", Input::Id)];

/// Lists of values are texts with options before 2.12, and a type of their own from there on.
const CREATE: &[Call] = &[
    post(
        "/data_attributes",
        r#"{"name":"$name","model":"$model","data_type":"$options?string:$data_type|string","description":"$description","options":"$options","messenger_writable":"$messenger_writable"}"#,
    ),
    post(
        "/data_attributes",
        r#"{"name":"$name","model":"$model","data_type":"$options?options:$data_type|string","description":"$description","options":"$options.values","messenger_writable":"$messenger_writable"}"#,
    )
    .since("2.12"),
];

const UPDATE: &[Call] = &[put(
    "/data_attributes/{attribute}",
    r#"{"description":"$description","options":"$options.values","messenger_writable":"$messenger_writable","archived":"$archived"}"#,
)];

const ATTRIBUTES: &[Mode] = &[
    Mode {
        name: "upsert",
        since: FIRST,
        fields: &[ID, MODEL, TYPE, DESCRIBED, ARCHIVED],
        references: &[attribute(Absent::Created)],
        write: Write::Either(CREATE, UPDATE),
        replay: Replay::Safe,
    },
    mode("create", &[NAMED, TYPE, DESCRIBED], &[], CREATE).probed(ATTRIBUTE_CREATED),
    mode(
        "update",
        &[ID, MODEL, DESCRIBED, ARCHIVED],
        &[attribute(Absent::Fails)],
        UPDATE,
    ),
    mode(
        "archive",
        &[ID, MODEL],
        &[attribute(Absent::Unchanged)],
        &[put("/data_attributes/{attribute}", r#"{"archived":true}"#).does(Does::Deletes)],
    ),
];

const INSTANCE: &[InputField] = &[
    address("type", Input::Name(255)).required(),
    field("external_id", Input::Id).required(),
];

const fn instance(absent: Absent) -> Reference {
    Reference {
        name: "instance",
        object: Object::Instance,
        by: &[("external_id", By::Sent)],
        absent,
    }
}

const INSTANCES: &[Mode] = &[
    mode(
        "upsert",
        &[
            INSTANCE,
            &[
                field("external_created_at", Input::Epoch),
                field("external_updated_at", Input::Epoch),
                field("custom_attributes", Input::Attributes),
            ],
        ],
        &[instance(Absent::Created)],
        &[post("/custom_object_instances/{type}", "$*").does(Does::Updates)],
    )
    .since("2.13"),
    mode(
        "delete",
        &[INSTANCE],
        &[instance(Absent::Unchanged)],
        &[delete(
            "/custom_object_instances/{type}?external_id={external_id}",
        )],
    )
    .since("2.13"),
];

const AWAY: &[Mode] = &[mode(
    "away",
    &[&[
        address("admin_id", Input::Id),
        field("away_mode_enabled", Input::Boolean).required(),
        field("away_mode_reassign", Input::Boolean).required(),
        field("away_status_reason_id", Input::Number).since("2.14"),
    ]],
    &[Reference {
        name: "admin",
        object: Object::Admin,
        by: &[("admin_id", By::Id)],
        absent: Absent::Fails,
    }],
    &[call(
        Method::Put,
        "/admins/{admin}/away",
        "$*",
        Does::Updates,
    )],
)];

pub(super) const ACTIONS: &[Action] = &[
    action("events", EVENTS, "Write events"),
    action("data_attributes", ATTRIBUTES, "Write data attributes"),
    action(
        "custom_object_instances",
        INSTANCES,
        "Write custom object instances",
    ),
    action("admins", AWAY, "Update admins"),
];

const fn action(name: &'static str, modes: &'static [Mode], permission: &'static str) -> Action {
    Action {
        name,
        modes,
        batch_limit: 500,
        permission,
        attributes: None,
    }
}
