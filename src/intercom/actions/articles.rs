//! Articles of the help centre, and their collections.

use super::field::{address, field};
use super::{Absent, Action, By, Input, InputField, Object, Probe, Reference};
use super::{delete, mode, post, put};

const ARTICLE_CREATED: &Probe = &listed(
    "/articles",
    &[("title", "title"), ("author_id", "author_id")],
);
const COLLECTION_CREATED: &Probe = &listed(
    "/help_center/collections",
    &[("name", "name"), ("description", "description")],
);

const PERMISSION: &str = "Write articles";

const ID: &[InputField] = &[address("id", Input::Id)];

const fn itself(object: Object, absent: Absent) -> Reference {
    Reference {
        name: "itself",
        object,
        by: &[("id", By::Id)],
        absent,
    }
}

const CREATED: &[InputField] = &[
    field("title", Input::Name(u16::MAX)).required(),
    field("author_id", Input::Number).required(),
];

const CHANGED: &[InputField] = &[
    field("title", Input::Text),
    field("author_id", Input::Number),
];

const CONTENT: &[InputField] = &[
    field("description", Input::Text),
    field("body", Input::Text),
    field("body_markdown", Input::Text).since("2.16"),
    field("state", Input::OneOf(&["published", "draft"])),
    field("translated_content", Input::Object),
];

/// A parent is a number where an article is created, and text where it is changed.
const PARENT_CREATED: &[InputField] = &[
    field("parent_id", Input::Number),
    field("parent_type", Input::OneOf(&["collection", "section"])),
];

const PARENT_CHANGED: &[InputField] = &[
    field("parent_id", Input::Id),
    field("parent_type", Input::OneOf(&["collection", "section"])),
];

/// The list begins with what changed last.
const fn listed(path: &'static str, same: &'static [(&'static str, &'static str)]) -> Probe {
    Probe {
        path,
        body: "",
        within: &["data"],
        kinds: &[],
        same,
        indexed: false,
    }
}

const GROUP: &[InputField] = &[
    field("description", Input::Text),
    field("parent_id", Input::Id),
    field("translated_content", Input::Object),
];

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "articles",
        modes: &[
            mode(
                "create",
                &[CREATED, CONTENT, PARENT_CREATED],
                &[],
                &[post("/articles", "$*")],
            )
            .probed(ARTICLE_CREATED),
            mode(
                "update",
                &[ID, CHANGED, CONTENT, PARENT_CHANGED],
                &[itself(Object::Article, Absent::Fails)],
                &[put("/articles/{itself}", "$*")],
            ),
            mode(
                "delete",
                &[ID],
                &[itself(Object::Article, Absent::Unchanged)],
                &[delete("/articles/{itself}")],
            ),
        ],
        batch_limit: 100,
        permission: PERMISSION,
        attributes: None,
    },
    Action {
        name: "collections",
        modes: &[
            mode(
                "create",
                &[
                    &[
                        field("name", Input::Name(255)).required(),
                        field("help_center_id", Input::Number),
                    ],
                    GROUP,
                ],
                &[],
                &[post("/help_center/collections", "$*")],
            )
            .probed(COLLECTION_CREATED),
            mode(
                "update",
                &[ID, &[field("name", Input::Text)], GROUP],
                &[itself(Object::Collection, Absent::Fails)],
                &[put("/help_center/collections/{itself}", "$*")],
            ),
            mode(
                "delete",
                &[ID],
                &[itself(Object::Collection, Absent::Unchanged)],
                &[delete("/help_center/collections/{itself}")],
            ),
        ],
        batch_limit: 100,
        permission: PERMISSION,
        attributes: None,
    },
];
