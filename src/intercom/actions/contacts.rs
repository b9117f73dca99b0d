//! Contacts, and what hangs on them.

use super::field::{address, field};
use super::{
    Absent, Action, By, Call, Does, Input, InputField, Mode, Object, Probe, Reference, Replay,
    Write,
};
use super::{FIRST, call, delete, mode, post, put};
use crate::contract::http::Method;

const PERMISSION: &str = "Write users and companies";

/// A contact as the row of its own action.
const ITSELF: &[(&str, By)] = &[
    ("id", By::Id),
    ("external_id", By::Member("external_id")),
    ("email", By::Member("email")),
];

/// A contact as what something hangs on.
pub(super) const ANOTHER: &[(&str, By)] = &[
    ("contact_id", By::Id),
    ("external_id", By::Member("external_id")),
    ("email", By::Member("email")),
];

/// The fields of [`ANOTHER`].
pub(super) const BY_ANOTHER: &[InputField] = &[
    address("contact_id", Input::Id),
    address("external_id", Input::Id),
    address("email", Input::Email),
];

/// The contact that something hangs on.
pub(super) const fn contact(absent: Absent) -> Reference {
    Reference {
        name: "contact",
        object: Object::Contact,
        by: ANOTHER,
        absent,
    }
}

/// A tag by its id or its name.
pub(super) const fn tag(absent: Absent) -> Reference {
    Reference {
        name: "tag",
        object: Object::Tag,
        by: &[("tag_id", By::Id), ("tag_name", By::Member("name"))],
        absent,
    }
}

/// The fields of a tag.
pub(super) const BY_TAG: &[InputField] = &[
    address("tag_id", Input::Id),
    address("tag_name", Input::Name(255)),
];

/// The request that puts a tag on what teammates tag.
pub(super) const fn tagged(path: &'static str) -> Call {
    post(path, r#"{"id":"$tag","admin_id":"$admin_id"}"#).does(Does::Updates)
}

/// The request that takes it away again.
pub(super) const fn untagged(path: &'static str) -> Call {
    call(
        Method::Delete,
        path,
        r#"{"admin_id":"$admin_id"}"#,
        Does::Deletes,
    )
}

const fn itself(absent: Absent) -> Reference {
    Reference {
        name: "contact",
        object: Object::Contact,
        by: ITSELF,
        absent,
    }
}

const BY_ITSELF: &[InputField] = &[
    address("id", Input::Id),
    address("external_id", Input::Id),
    address("email", Input::Email),
];

const ID: &[InputField] = &[address("id", Input::Id)];

const FIELDS: &[InputField] = &[
    field("external_id", Input::Id),
    field("email", Input::Email),
    field("email_verified", Input::Boolean).since("2.16"),
    field("role", Input::OneOf(&["user", "lead"])),
    field("phone", Input::Text),
    field("name", Input::Text),
    field("avatar", Input::Text),
    field("signed_up_at", Input::Epoch),
    field("last_seen_at", Input::Epoch),
    field("owner_id", Input::Teammate),
    field("unsubscribed_from_emails", Input::Boolean),
    field("custom_attributes", Input::Attributes),
];

const CONVERTED: &[InputField] = &[
    address("id", Input::Id),
    field("external_id", Input::Id),
    field("email", Input::Email),
    field("role", Input::OneOf(&["user", "lead"])).required(),
];

const MERGED: &[InputField] = &[
    address("from_id", Input::Id),
    address("from_email", Input::Email),
    address("into_id", Input::Id),
    address("into_external_id", Input::Id),
    address("into_email", Input::Email),
    address("skip_duplicate_validation", Input::Boolean).since("2.16"),
];

const CREATE: &[Call] = &[post("/contacts", "$*")];
const UPDATE: &[Call] = &[put("/contacts/{contact}", "$*")];

/// Leads may share an address, so that creating one twice makes two. A search finds what was created, in a while.
const CREATED: &Probe = &Probe {
    path: "/contacts/search",
    body: r#"{"query":{"operator":"AND","value":[{"field":"external_id","operator":"=","value":"$external_id"},{"field":"email","operator":"=","value":"$email"}]},"pagination":{"per_page":150}}"#,
    within: &["data"],
    kinds: &[],
    same: &[("external_id", "external_id"), ("email", "email")],
    indexed: true,
};

const CONTACTS: &[Mode] = &[
    Mode {
        name: "upsert",
        since: FIRST,
        fields: &[ID, FIELDS],
        references: &[itself(Absent::Created)],
        write: Write::Either(CREATE, UPDATE),
        replay: Replay::Safe,
    },
    Mode {
        name: "insert",
        since: FIRST,
        fields: &[FIELDS],
        references: &[Reference {
            by: &[("external_id", By::Sent), ("email", By::Sent)],
            ..itself(Absent::Created)
        }],
        write: Write::One(CREATE),
        replay: Replay::Probe(CREATED),
    },
    mode("update", &[ID, FIELDS], &[itself(Absent::Fails)], UPDATE),
    mode(
        "archive",
        &[BY_ITSELF],
        &[itself(Absent::Unchanged)],
        &[post("/contacts/{contact}/archive", "").does(Does::Deletes)],
    ),
    mode(
        "unarchive",
        &[BY_ITSELF],
        &[itself(Absent::Archived)],
        &[post("/contacts/{contact}/unarchive", "").does(Does::Updates)],
    ),
    mode(
        "delete",
        &[BY_ITSELF],
        &[itself(Absent::Hidden)],
        &[delete("/contacts/{contact}")],
    ),
    mode(
        "merge",
        &[MERGED],
        &[
            Reference {
                name: "from",
                object: Object::Contact,
                by: &[("from_id", By::Id), ("from_email", By::Lead("email"))],
                absent: Absent::Fails,
            },
            Reference {
                name: "contact",
                object: Object::Contact,
                by: &[
                    ("into_id", By::Id),
                    ("into_external_id", By::Member("external_id")),
                    ("into_email", By::Member("email")),
                ],
                absent: Absent::Fails,
            },
        ],
        &[post(
            "/contacts/merge",
            r#"{"from":"$from","into":"$contact","skip_duplicate_validation":"$skip_duplicate_validation"}"#,
        )
        .does(Does::Updates)],
    )
    .gone("/contacts/{from}"),
    mode(
        "block",
        &[BY_ITSELF],
        &[itself(Absent::Fails)],
        &[post("/contacts/{contact}/block", "").does(Does::Updates)],
    )
    .since("2.13"),
    mode("convert", &[CONVERTED], &[itself(Absent::Fails)], UPDATE),
];

const NOTE: &[InputField] = &[
    field("body", Input::Name(u16::MAX)).required(),
    field("admin_id", Input::Id),
];

/// A note is known by its author and its text.
const NOTED: &Probe = &Probe {
    path: "/contacts/{contact}/notes?per_page=50",
    body: "",
    within: &["data"],
    kinds: &[],
    same: &[("body", "body"), ("author.id", "admin_id")],
    indexed: false,
};

const NOTES: &[Mode] = &[mode(
    "create",
    &[BY_ANOTHER, NOTE],
    &[contact(Absent::Fails)],
    &[post("/contacts/{contact}/notes", "$*")],
)
.probed(NOTED)];

const TAGS: &[Mode] = &[
    mode(
        "add",
        &[BY_ANOTHER, BY_TAG],
        &[contact(Absent::Fails), tag(Absent::Made)],
        &[post("/contacts/{contact}/tags", r#"{"id":"$tag"}"#).does(Does::Updates)],
    ),
    mode(
        "remove",
        &[BY_ANOTHER, BY_TAG],
        &[contact(Absent::Unchanged), tag(Absent::Unchanged)],
        &[delete("/contacts/{contact}/tags/{tag}")],
    ),
];

const SUBSCRIPTION: &[InputField] = &[address("subscription_id", Input::Id).required()];

const SUBSCRIPTIONS: &[Mode] = &[
    mode(
        "opt_in",
        &[BY_ANOTHER, SUBSCRIPTION],
        &[contact(Absent::Fails)],
        &[post(
            "/contacts/{contact}/subscriptions",
            r#"{"id":"$subscription_id","consent_type":"opt_in"}"#,
        )
        .does(Does::Updates)],
    ),
    mode(
        "opt_out",
        &[BY_ANOTHER, SUBSCRIPTION],
        &[contact(Absent::Fails)],
        &[post(
            "/contacts/{contact}/subscriptions",
            r#"{"id":"$subscription_id","consent_type":"opt_out"}"#,
        )
        .does(Does::Updates)],
    ),
    mode(
        "remove",
        &[BY_ANOTHER, SUBSCRIPTION],
        &[contact(Absent::Unchanged)],
        &[delete(
            "/contacts/{contact}/subscriptions/{subscription_id}",
        )],
    ),
];

const COMPANY: &[InputField] = &[
    address("company_id", Input::Id),
    address("intercom_company_id", Input::Id),
];

const fn company(absent: Absent) -> Reference {
    Reference {
        name: "company",
        object: Object::Company,
        by: &[
            ("intercom_company_id", By::Id),
            ("company_id", By::Member("company_id")),
        ],
        absent,
    }
}

const COMPANIES: &[Mode] = &[
    mode(
        "attach",
        &[BY_ANOTHER, COMPANY],
        &[contact(Absent::Fails), company(Absent::Made)],
        &[post("/contacts/{contact}/companies", r#"{"id":"$company"}"#).does(Does::Updates)],
    ),
    mode(
        "detach",
        &[BY_ANOTHER, COMPANY],
        &[contact(Absent::Unchanged), company(Absent::Unchanged)],
        &[delete("/contacts/{contact}/companies/{company}")],
    ),
];

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "contacts",
        modes: CONTACTS,
        batch_limit: 500,
        permission: PERMISSION,
        attributes: Some("contact"),
    },
    Action {
        name: "contact_tags",
        modes: TAGS,
        batch_limit: 500,
        permission: "Write tags",
        attributes: None,
    },
    Action {
        name: "contact_notes",
        modes: NOTES,
        batch_limit: 200,
        permission: PERMISSION,
        attributes: None,
    },
    Action {
        name: "contact_companies",
        modes: COMPANIES,
        batch_limit: 500,
        permission: PERMISSION,
        attributes: None,
    },
    Action {
        name: "contact_subscriptions",
        modes: SUBSCRIPTIONS,
        batch_limit: 500,
        permission: PERMISSION,
        attributes: None,
    },
];
