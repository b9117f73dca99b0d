//! Tickets, and what is said in them.

use super::contacts::{BY_ANOTHER, BY_TAG, contact, tag, tagged, untagged};
use super::conversations::{TICKET_TYPE, ticket_type};
use super::field::{address, field};
use super::{Absent, Action, By, Call, Input, InputField, Mode, Object, Probe, Reference};
use super::{delete, mode, post, put};

const REPLIED: &Probe = &part(&["comment", "open"], BY_ADMIN);
const ANSWERED: &Probe = &part(
    &["comment", "open"],
    &[("body", "body"), ("author.id", "contact")],
);
const NOTED: &Probe = &part(&["note"], BY_ADMIN);

const PERMISSION: &str = "Write tickets";

const fn ticket(absent: Absent) -> Reference {
    Reference {
        name: "ticket",
        object: Object::Ticket,
        by: &[("ticket_id", By::Id)],
        absent,
    }
}

const WHICH: &[InputField] = &[address("ticket_id", Input::Id)];
const ADMIN: &[InputField] = &[field("admin_id", Input::Id).required()];
const SAID: &[InputField] = &[
    field("body", Input::Name(u16::MAX)).required(),
    field("attachment_urls", Input::Addresses),
    field("created_at", Input::Epoch),
];
const SILENT: &[InputField] = &[field("skip_notifications", Input::Boolean).since("2.13")];

const CREATION: &[InputField] = &[
    field("ticket_attributes", Input::Attributes),
    field("company_id", Input::Id),
    field("created_at", Input::Epoch),
    field("conversation_to_link_id", Input::Id).since("2.14"),
    field("admin_assignee_id", Input::Id).since("2.14"),
    field("team_assignee_id", Input::Id).since("2.14"),
];

const CREATE: &str = r#"{"ticket_type_id":"$type","contacts":[{"id":"$contact"}],"ticket_attributes":"$ticket_attributes","company_id":"$company_id","created_at":"$created_at","conversation_to_link_id":"$conversation_to_link_id","assignment":{"admin_assignee_id":"$admin_assignee_id","team_assignee_id":"$team_assignee_id"},"skip_notifications":"$skip_notifications"}"#;

/// A ticket is known by its contact, its type and what it holds.
const CREATED: &Probe = &Probe {
    path: "/tickets/search",
    body: r#"{"query":{"field":"contact_ids","operator":"=","value":"$contact"},"sort":{"field":"created_at","order":"descending"},"pagination":{"per_page":50}}"#,
    within: &["tickets"],
    kinds: &[],
    same: &[
        ("ticket_type.id", "type"),
        ("ticket_attributes", "ticket_attributes"),
    ],
    indexed: true,
};

/// States by their names are there from 2.12 on; the ones before are words. Several states may have the same label for
/// contacts, and most of them share their category with others.
const STATE: Reference = Reference {
    name: "state",
    object: Object::TicketState,
    by: &[
        ("ticket_state_id", By::Id),
        ("ticket_state", By::Member("internal_label")),
        ("ticket_state", By::Member("external_label")),
        ("ticket_state", By::Member("category")),
    ],
    absent: Absent::Optional,
};

const CHANGES: &[InputField] = &[
    field("ticket_attributes", Input::Attributes),
    field("open", Input::Boolean),
    field("is_shared", Input::Boolean),
    field("snoozed_until", Input::Epoch),
    address("ticket_state", Input::Name(255)),
    address("ticket_state_id", Input::Id).since("2.12"),
    field("company_id", Input::Id).since("2.14"),
];

const ASSIGNMENT: &[InputField] = &[
    field("admin_id", Input::Number),
    field("assignee_id", Input::Id),
];

const UPDATE: &[Call] = &[
    put(
        "/tickets/{ticket}",
        r#"{"ticket_attributes":"$ticket_attributes","state":"$ticket_state","open":"$open","is_shared":"$is_shared","snoozed_until":"$snoozed_until","assignment":{"admin_id":"$admin_id.text","assignee_id":"$assignee_id"}}"#,
    ),
    put(
        "/tickets/{ticket}",
        r#"{"ticket_attributes":"$ticket_attributes","ticket_state_id":"$state","open":"$open","is_shared":"$is_shared","snoozed_until":"$snoozed_until","assignment":{"admin_id":"$admin_id.text","assignee_id":"$assignee_id"}}"#,
    )
    .since("2.12"),
    put(
        "/tickets/{ticket}",
        r#"{"ticket_attributes":"$ticket_attributes","ticket_state_id":"$state","company_id":"$company_id.null","open":"$open","is_shared":"$is_shared","snoozed_until":"$snoozed_until","admin_id":"$admin_id","assignee_id":"$assignee_id","skip_notifications":"$skip_notifications"}"#,
    )
    .since("2.14"),
];

const ASSIGN: &[Call] = &[
    put(
        "/tickets/{ticket}",
        r#"{"assignment":{"admin_id":"$admin_id.text","assignee_id":"$assignee_id"}}"#,
    ),
    put(
        "/tickets/{ticket}",
        r#"{"admin_id":"$admin_id","assignee_id":"$assignee_id"}"#,
    )
    .since("2.14"),
];

const TICKETS: &[Mode] = &[
    mode(
        "create",
        &[BY_ANOTHER, TICKET_TYPE, CREATION, SILENT_CREATION],
        &[contact(Absent::Fails), ticket_type()],
        &[post("/tickets", CREATE)],
    )
    .probed(CREATED),
    mode(
        "enqueue",
        &[BY_ANOTHER, TICKET_TYPE, CREATION, SILENT_CREATION],
        &[contact(Absent::Fails), ticket_type()],
        &[post("/tickets/enqueue", CREATE)],
    )
    .probed(CREATED)
    .since("2.14"),
    mode(
        "update",
        &[WHICH, CHANGES, ASSIGNMENT, SILENT_CREATION],
        &[ticket(Absent::Fails), STATE],
        UPDATE,
    ),
    mode(
        "assign",
        &[
            WHICH,
            &[
                field("admin_id", Input::Number).required(),
                field("assignee_id", Input::Id).required(),
            ],
        ],
        &[ticket(Absent::Fails)],
        ASSIGN,
    ),
    mode(
        "delete",
        &[WHICH],
        &[ticket(Absent::Unchanged)],
        &[delete("/tickets/{ticket}")],
    )
    .since("2.13"),
];

const SILENT_CREATION: &[InputField] = &[field("skip_notifications", Input::Boolean).since("2.14")];

const fn part(
    kinds: &'static [&'static str],
    same: &'static [(&'static str, &'static str)],
) -> Probe {
    Probe {
        path: "/tickets/{ticket}",
        body: "",
        within: &["ticket_parts", "ticket_parts"],
        kinds,
        same,
        indexed: false,
    }
}

const BY_ADMIN: &[(&str, &str)] = &[("body", "body"), ("author.id", "admin_id")];

const fn reply(body: &'static str) -> Call {
    post("/tickets/{ticket}/reply", body)
}

const REPLIES: &[Mode] = &[
    mode(
        "admin",
        &[WHICH, ADMIN, SAID, SILENT],
        &[ticket(Absent::Fails)],
        &[reply(
            r#"{"message_type":"comment","type":"admin","admin_id":"$admin_id","body":"$body","attachment_urls":"$attachment_urls","created_at":"$created_at","skip_notifications":"$skip_notifications"}"#,
        )],
    )
    .probed(REPLIED),
    mode(
        "contact",
        &[WHICH, BY_ANOTHER, SAID],
        &[ticket(Absent::Fails), contact(Absent::Fails)],
        &[reply(
            r#"{"message_type":"comment","type":"user","intercom_user_id":"$contact","body":"$body","attachment_urls":"$attachment_urls","created_at":"$created_at"}"#,
        )],
    )
    .probed(ANSWERED),
    mode(
        "note",
        &[WHICH, ADMIN, SAID, SILENT],
        &[ticket(Absent::Fails)],
        &[reply(
            r#"{"message_type":"note","type":"admin","admin_id":"$admin_id","body":"$body","attachment_urls":"$attachment_urls","created_at":"$created_at","skip_notifications":"$skip_notifications"}"#,
        )],
    )
    .probed(NOTED),
];

const TAGS: &[Mode] = &[
    mode(
        "add",
        &[WHICH, BY_TAG, ADMIN],
        &[ticket(Absent::Fails), tag(Absent::Made)],
        &[tagged("/tickets/{ticket}/tags")],
    ),
    mode(
        "remove",
        &[WHICH, BY_TAG, ADMIN],
        &[ticket(Absent::Unchanged), tag(Absent::Unchanged)],
        &[untagged("/tickets/{ticket}/tags/{tag}")],
    ),
];

pub(super) const ACTIONS: &[Action] = &[
    action("tickets", TICKETS),
    action("ticket_parts", REPLIES),
    action("ticket_tags", TAGS),
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
