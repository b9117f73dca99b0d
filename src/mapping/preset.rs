//! Mappings that come with the component, in the form that people write.

use crate::packed_text::{BREVO_CONTACT, BREVO_EVENT, IDENTITY, PackedText, TICKET};

/// A mapping by its name.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// The mapping. `{"parameter": NAME}` stands for what a connection gives under that name; rules whose parameters are not
    /// given and have no `default` beside the name are left out.
    pub mapping: PackedText,
    /// What a connection may give beside the name.
    pub parameters: &'static [&'static str],
}

/// All presets.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "brevo-contact",
        mapping: BREVO_CONTACT,
        parameters: &[
            "lists",
            "lists_by_tag",
            "lists_by_conversation_tag",
            "country",
            "split_names",
            "attributes",
            "custom_attributes",
            "company",
        ],
    },
    Preset {
        name: "brevo-event",
        mapping: BREVO_EVENT,
        parameters: &[],
    },
    Preset {
        name: "ticket",
        mapping: TICKET,
        parameters: &[
            "assignees",
            "assignee",
            "teams",
            "team",
            "priorities",
            "priority",
            "statuses",
            "mask",
            "workspace",
            "app",
        ],
    },
    Preset {
        name: "identity",
        mapping: IDENTITY,
        parameters: &[],
    },
];

/// What `lists` may name, a list each.
pub const LISTS: &[&str] = &["all_users", "leads", "active_conversations"];

/// The preset of a name.
pub fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}
