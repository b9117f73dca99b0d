//! The custom attributes of conversations, as a table.

use std::borrow::Cow;

/// Their names.
pub(crate) mod names {
    pub(crate) const ISSUE_TYPE: &str = "issue_type";
    pub(crate) const AI_TITLE: &str = "AI Title";
    pub(crate) const ORDER_COUNT: &str = "order_count";
    pub(crate) const ORDER_NUMBER: &str = "Order number";
    pub(crate) const FOLLOW_UP_AT: &str = "follow up at";
    pub(crate) const ESCALATED: &str = "escalated";
    pub(crate) const REFUND: &str = "Rückerstattung";
}

/// A custom attribute of conversations.
#[derive(Clone, Debug)]
pub(crate) struct ConversationAttribute {
    pub(crate) id: u64,
    pub(crate) name: Cow<'static, str>,
    pub(crate) description: Cow<'static, str>,
    /// As `GET /conversations/attributes` names it.
    pub(crate) data_type: &'static str,
    pub(crate) options: Cow<'static, [Cow<'static, str>]>,
    pub(crate) archived: bool,
    /// When it was created, in Unix seconds; none: with the workspace.
    pub(crate) created_at: Option<i64>,
}

fn attribute(
    id: u64,
    name: &'static str,
    description: &'static str,
    data_type: &'static str,
) -> ConversationAttribute {
    ConversationAttribute {
        id,
        name: Cow::Borrowed(name),
        description: Cow::Borrowed(description),
        data_type,
        options: Cow::Borrowed(&[]),
        archived: false,
        created_at: None,
    }
}

/// The attributes that a workspace has from the start; one is archived.
pub(crate) fn first() -> Vec<ConversationAttribute> {
    vec![
        ConversationAttribute {
            options: Cow::Borrowed(&[
                Cow::Borrowed("Billing"),
                Cow::Borrowed("Bug"),
                Cow::Borrowed("Question"),
            ]),
            ..attribute(1, names::ISSUE_TYPE, "What it is about", "list")
        },
        attribute(2, names::AI_TITLE, "A title in few words", "string"),
        attribute(3, names::ORDER_COUNT, "", "integer"),
        attribute(4, names::ORDER_NUMBER, "The order in question", "string"),
        attribute(5, names::FOLLOW_UP_AT, "", "datetime"),
        attribute(
            6,
            names::ESCALATED,
            "Whether a manager was asked",
            "boolean",
        ),
        attribute(7, names::REFUND, "What was paid back", "decimal"),
        ConversationAttribute {
            archived: true,
            ..attribute(8, "legacy priority", "", "integer")
        },
    ]
}
