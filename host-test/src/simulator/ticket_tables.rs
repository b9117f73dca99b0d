//! The kinds and the states of tickets, as tables.

/// A state that a ticket can be in.
pub(crate) struct TicketState {
    pub(crate) id: u64,
    pub(crate) category: &'static str,
    /// What teammates see.
    pub(crate) internal_label: &'static str,
    /// What contacts see.
    pub(crate) external_label: &'static str,
}

const fn state(
    id: u64,
    category: &'static str,
    internal_label: &'static str,
    external_label: &'static str,
) -> TicketState {
    TicketState {
        id,
        category,
        internal_label,
        external_label,
    }
}

/// Every state; a ticket begins with the first and ends with the last.
pub(crate) const STATES: &[TicketState] = &[
    state(8_321, "submitted", "Submitted", "Submitted"),
    state(8_322, "in_progress", "In progress", "In progress"),
    state(8_323, "in_progress", "With engineering", "In progress"),
    state(
        8_324,
        "waiting_on_customer",
        "Waiting on customer",
        "Waiting on you",
    ),
    state(8_325, "resolved", "Resolved", "Resolved"),
];

/// The number of the last state.
pub(crate) const RESOLVED: usize = STATES.len() - 1;

/// An attribute of a kind of tickets: its name and its type.
pub(crate) type Attribute = (&'static str, &'static str);

/// A kind of tickets that a workspace starts with.
#[derive(Debug)]
pub(crate) struct KindRow {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) category: &'static str,
    pub(crate) archived: bool,
    pub(crate) attributes: &'static [Attribute],
}

/// The category of kinds, and its name in search.
pub(crate) const CATEGORIES: &[(&str, &str)] = &[
    ("Customer", "request"),
    ("Back-office", "task"),
    ("Tracker", "tracker"),
];

/// The id of the first kind; those of the others count up from it.
pub(crate) const FIRST_KIND_ID: u64 = 67;

/// The number of the first state of a category.
pub(crate) fn state_of(category: &str) -> Option<usize> {
    STATES.iter().position(|state| state.category == category)
}

/// Names of attributes that every kind has.
pub(crate) const TITLE: &str = "_default_title_";
pub(crate) const DESCRIPTION: &str = "_default_description_";

/// What a ticket's severity can be.
pub(crate) const SEVERITIES: &[&str] = &["Low", "Medium", "Critical – all users"];

/// Every kind; no generated ticket is of the last one, which is archived.
pub(crate) const KINDS: &[KindRow] = &[
    KindRow {
        id: 67,
        name: "Bug Report",
        description: "Something does not work",
        icon: "🎟️",
        category: "Customer",
        archived: false,
        attributes: &[
            (TITLE, "string"),
            (DESCRIPTION, "string"),
            ("Severity", "list"),
            ("Affected users", "integer"),
            ("Reproduced", "boolean"),
            ("First seen", "datetime"),
        ],
    },
    KindRow {
        id: 68,
        name: "Rückerstattung",
        description: "Money to be paid back",
        icon: "💸",
        category: "Back-office",
        archived: false,
        attributes: &[
            (TITLE, "string"),
            (DESCRIPTION, "string"),
            ("Amount", "decimal"),
        ],
    },
    KindRow {
        id: 69,
        name: "Incident",
        description: "What many customers report",
        icon: "🦁",
        category: "Tracker",
        archived: false,
        attributes: &[
            (TITLE, "string"),
            (DESCRIPTION, "string"),
            ("Severity", "list"),
        ],
    },
    KindRow {
        id: 70,
        name: "Old request",
        description: "",
        icon: "📦",
        category: "Customer",
        archived: true,
        attributes: &[(TITLE, "string"), (DESCRIPTION, "string")],
    },
];

/// The id of an attribute of a kind.
pub(crate) fn attribute_id(kind: &KindRow, index: usize) -> u64 {
    kind.id * 10 + index as u64
}
