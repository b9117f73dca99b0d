//! Conversations: what begins them, what is said in them, and what is done with them; and messages.

use super::contacts::{ANOTHER, BY_ANOTHER, BY_TAG, contact, tag, tagged, untagged};
use super::field::{address, field};
use super::{Absent, Action, By, Call, Does, Input, InputField, Mode, Object, Probe, Reference};
use super::{call, delete, mode, post, put};
use crate::contract::http::Method;

const CLOSED: &Probe = &part(&["close"], SAID_BY_ADMIN);
const OPENED: &Probe = &part(&["open"], DONE_BY_ADMIN);
const SNOOZED: &Probe = &part(&["snoozed"], DONE_BY_ADMIN);
const ASSIGNED: &Probe = &part(&["assignment", "assign_and_reopen"], SAID_BY_ADMIN);
const UNASSIGNED: &Probe = &part(&["assignment"], DONE_BY_ADMIN);
const CONVERTED: &Probe = &Probe {
    path: "/conversations/{conversation}",
    body: "",
    within: &["ticket"],
    kinds: &[],
    same: &[],
    indexed: false,
};
const REPLIED: &Probe = &part(&["comment", "open"], SAID_BY_ADMIN);
const ANSWERED: &Probe = &part(&["comment", "open"], SAID_BY_CONTACT);
const NOTED: &Probe = &part(&["note"], SAID_BY_ADMIN);

const PERMISSION: &str = "Write conversations";

/// Characters of a body, at most: what the longest field takes.
const BODY: Input = Input::Name(u16::MAX);

const fn conversation(absent: Absent) -> Reference {
    Reference {
        name: "conversation",
        object: Object::Conversation,
        by: &[("conversation_id", By::Id)],
        absent,
    }
}

const WHICH: &[InputField] = &[address("conversation_id", Input::Id)];
const ADMIN: &[InputField] = &[field("admin_id", Input::Id).required()];
const SAID: &[InputField] = &[field("body", BODY).required()];
const MAYBE_SAID: &[InputField] = &[field("body", BODY)];

/// What may come with a text.
const WITH_IT: &[InputField] = &[
    field("attachment_urls", Input::Addresses),
    field("created_at", Input::Epoch),
];

const SILENT: &[InputField] = &[field("skip_notifications", Input::Boolean).since("2.16")];

/// A look for a part of a conversation.
const fn part(
    kinds: &'static [&'static str],
    same: &'static [(&'static str, &'static str)],
) -> Probe {
    Probe {
        path: "/conversations/{conversation}",
        body: "",
        within: &["conversation_parts", "conversation_parts"],
        kinds,
        same,
        indexed: false,
    }
}

const DONE_BY_ADMIN: &[(&str, &str)] = &[("author.id", "admin_id")];
const SAID_BY_ADMIN: &[(&str, &str)] = &[("body", "body"), ("author.id", "admin_id")];
const SAID_BY_CONTACT: &[(&str, &str)] = &[("body", "body"), ("author.id", "contact")];

const BEGINNING: &[InputField] = &[
    field("subject", Input::Text),
    field("brand_id", Input::Id).since("2.16"),
];

const FROM: &[InputField] = &[address(
    "from_type",
    Input::OneOf(&["contact", "user", "lead"]),
)];

/// A conversation is known by who began it and with what.
const BEGUN: &Probe = &Probe {
    path: "/conversations/search",
    body: r#"{"query":{"field":"contact_ids","operator":"=","value":"$contact"},"sort":{"field":"created_at","order":"descending"},"pagination":{"per_page":50}}"#,
    within: &["conversations"],
    kinds: &[],
    same: &[("source.body", "body")],
    indexed: true,
};

const fn part_call(body: &'static str) -> Call {
    post("/conversations/{conversation}/parts", body).does(Does::Updates)
}

const CONVERSATION_ID: &[&str] = &["conversation_id", "id"];

const CONVERSATIONS: &[Mode] = &[
    mode(
        "create",
        &[BY_ANOTHER, FROM, SAID, BEGINNING, WITH_IT],
        &[contact(Absent::Fails)],
        &[post(
            "/conversations",
            r#"{"from":{"type":"$from_type|contact","id":"$contact"},"body":"$body","subject":"$subject","brand_id":"$brand_id","attachment_urls":"$attachment_urls","created_at":"$created_at"}"#,
        )
        .id(CONVERSATION_ID)],
    )
    .probed(BEGUN),
    mode(
        "create_by_admin",
        &[BY_ANOTHER, FROM_ADMIN, MESSAGE, SAID],
        &[contact(Absent::Fails)],
        &[post(
            "/messages",
            r#"{"message_type":"$message_type|in_app","subject":"$subject","body":"$body","template":"$template","from":{"type":"admin","id":"$from_admin_id"},"to":{"type":"$to_type|user","id":"$contact"},"created_at":"$created_at","create_conversation_without_contact_reply":true}"#,
        )
        .id(CONVERSATION_ID)],
    )
    .probed(BEGUN),
    mode(
        "update",
        &[
            WHICH,
            &[
                field("read", Input::Boolean),
                field("title", Input::Text).since("2.13"),
                field("company_id", Input::Id).since("2.14"),
                field("custom_attributes", Input::Attributes),
            ],
        ],
        &[conversation(Absent::Fails)],
        &[put("/conversations/{conversation}", "$*")],
    ),
    mode(
        "close",
        &[WHICH, ADMIN, MAYBE_SAID],
        &[conversation(Absent::Fails)],
        &[part_call(
            r#"{"message_type":"close","type":"admin","admin_id":"$admin_id","body":"$body"}"#,
        )],
    )
    .probed(CLOSED),
    mode(
        "open",
        &[WHICH, ADMIN],
        &[conversation(Absent::Fails)],
        &[part_call(r#"{"message_type":"open","admin_id":"$admin_id"}"#)],
    )
    .probed(OPENED),
    mode(
        "snooze",
        &[WHICH, ADMIN, &[field("snoozed_until", Input::Epoch).required()]],
        &[conversation(Absent::Fails)],
        &[part_call(
            r#"{"message_type":"snoozed","admin_id":"$admin_id","snoozed_until":"$snoozed_until"}"#,
        )],
    )
    .probed(SNOOZED),
    mode(
        "assign",
        &[
            WHICH,
            ADMIN,
            MAYBE_SAID,
            &[
                field("assignee_id", Input::Id).required(),
                field("assignee_type", Input::OneOf(&["admin", "team"])),
            ],
        ],
        &[conversation(Absent::Fails)],
        &[part_call(
            r#"{"message_type":"assignment","type":"$assignee_type|admin","admin_id":"$admin_id","assignee_id":"$assignee_id","body":"$body"}"#,
        )],
    )
    .probed(ASSIGNED),
    mode(
        "unassign",
        &[WHICH, ADMIN],
        &[conversation(Absent::Fails)],
        &[part_call(
            r#"{"message_type":"assignment","type":"admin","admin_id":"$admin_id","assignee_id":"0"}"#,
        )],
    )
    .probed(UNASSIGNED),
    mode(
        "convert",
        &[
            WHICH,
            TICKET_TYPE,
            &[
                field("ticket_attributes", Input::Attributes),
                field("ticket_state_id", Input::Id).since("2.16"),
            ],
        ],
        &[conversation(Absent::Fails), ticket_type()],
        &[post(
            "/conversations/{conversation}/convert",
            r#"{"ticket_type_id":"$type","ticket_state_id":"$ticket_state_id","attributes":"$ticket_attributes"}"#,
        )],
    )
    .probed(CONVERTED),
    mode(
        "redact",
        &[
            WHICH,
            &[
                field("part_id", Input::Id),
                field("source_id", Input::Id),
            ],
        ],
        &[
            conversation(Absent::Fails),
            Reference {
                name: "redacted",
                object: Object::Conversation,
                by: &[("part_id", By::Sent), ("source_id", By::Sent)],
                absent: Absent::Created,
            },
        ],
        &[post(
            "/conversations/redact",
            r#"{"type":"$part_id?conversation_part:source","conversation_id":"$conversation","conversation_part_id":"$part_id","source_id":"$source_id"}"#,
        )
        .does(Does::Updates)],
    ),
    mode(
        "delete",
        &[WHICH],
        &[conversation(Absent::Unchanged)],
        &[delete("/conversations/{conversation}")],
    )
    .since("2.13"),
];

pub(super) const TICKET_TYPE: &[InputField] = &[
    address("ticket_type_id", Input::Id),
    address("ticket_type", Input::Name(255)),
];

pub(super) const fn ticket_type() -> Reference {
    Reference {
        name: "type",
        object: Object::TicketType,
        by: &[
            ("ticket_type_id", By::Id),
            ("ticket_type", By::Member("name")),
        ],
        absent: Absent::Fails,
    }
}

const FROM_ADMIN: &[InputField] = &[field("from_admin_id", Input::Number).required()];

const MESSAGE: &[InputField] = &[
    field("message_type", Input::OneOf(&["in_app", "email"])),
    field("subject", Input::Text),
    field("template", Input::OneOf(&["plain", "personal"])),
    field("to_type", Input::OneOf(&["user", "lead"])),
    field("created_at", Input::Epoch),
];

const SENT: &str = r#"{"message_type":"$message_type|in_app","subject":"$subject","body":"$body","template":"$template","from":{"type":"admin","id":"$from_admin_id"},"to":{"type":"$to_type|user","id":"$contact"},"created_at":"$created_at"}"#;

const REPLIES: &[Mode] = &[
    mode(
        "admin",
        &[WHICH, ADMIN, SAID, WITH_IT, SILENT],
        &[conversation(Absent::Fails)],
        &[reply(
            r#"{"message_type":"comment","type":"admin","admin_id":"$admin_id","body":"$body","attachment_urls":"$attachment_urls","created_at":"$created_at","skip_notifications":"$skip_notifications"}"#,
        )],
    )
    .probed(REPLIED),
    mode(
        "contact",
        &[WHICH, BY_ANOTHER, SAID, WITH_IT],
        &[conversation(Absent::Fails), contact(Absent::Fails)],
        &[reply(
            r#"{"message_type":"comment","type":"user","intercom_user_id":"$contact","body":"$body","attachment_urls":"$attachment_urls","created_at":"$created_at"}"#,
        )],
    )
    .probed(ANSWERED),
    mode(
        "note",
        &[WHICH, ADMIN, SAID, WITH_IT, SILENT],
        &[conversation(Absent::Fails)],
        &[reply(
            r#"{"message_type":"note","type":"admin","admin_id":"$admin_id","body":"$body","attachment_urls":"$attachment_urls","created_at":"$created_at","skip_notifications":"$skip_notifications"}"#,
        )],
    )
    .probed(NOTED),
];

const fn reply(body: &'static str) -> Call {
    post("/conversations/{conversation}/reply", body)
}

const TAGS: &[Mode] = &[
    mode(
        "add",
        &[WHICH, BY_TAG, ADMIN],
        &[conversation(Absent::Fails), tag(Absent::Made)],
        &[tagged("/conversations/{conversation}/tags")],
    ),
    mode(
        "remove",
        &[WHICH, BY_TAG, ADMIN],
        &[conversation(Absent::Unchanged), tag(Absent::Unchanged)],
        &[untagged("/conversations/{conversation}/tags/{tag}")],
    ),
];

const CONTACTS: &[Mode] = &[
    mode(
        "attach",
        &[WHICH, BY_ANOTHER, ADMIN],
        &[conversation(Absent::Fails), contact(Absent::Fails)],
        &[post(
            "/conversations/{conversation}/customers",
            r#"{"admin_id":"$admin_id","customer":{"intercom_user_id":"$contact"}}"#,
        )
        .does(Does::Updates)
        .id(&[])],
    ),
    mode(
        "detach",
        &[WHICH, BY_ANOTHER, ADMIN],
        &[conversation(Absent::Unchanged), contact(Absent::Unchanged)],
        &[call(
            Method::Delete,
            "/conversations/{conversation}/customers/{contact}",
            r#"{"admin_id":"$admin_id"}"#,
            Does::Deletes,
        )
        .id(&[])],
    ),
];

const MESSAGES: &[Mode] = &[mode(
    "send",
    &[BY_ANOTHER, FROM_ADMIN, MESSAGE, SAID],
    &[Reference {
        name: "contact",
        object: Object::Contact,
        by: ANOTHER,
        absent: Absent::Later,
    }],
    &[post("/messages", SENT)],
)
.blind()];

pub(super) const ACTIONS: &[Action] = &[
    Action {
        attributes: Some("conversation"),
        ..action("conversations", CONVERSATIONS)
    },
    action("conversation_parts", REPLIES),
    action("conversation_tags", TAGS),
    action("conversation_contacts", CONTACTS),
    action("messages", MESSAGES),
];

const fn action(name: &'static str, modes: &'static [Mode]) -> Action {
    Action {
        name,
        modes,
        batch_limit: 200,
        permission: PERMISSION,
        attributes: None,
    }
}
