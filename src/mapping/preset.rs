//! Mappings that come with the component, in the form that people write.

/// A mapping by its name.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// The mapping. `{"parameter": NAME}` stands for what a connection gives under that name; rules whose parameters are not
    /// given and have no `default` beside the name are left out.
    pub mapping: &'static str,
    /// What a connection may give beside the name.
    pub parameters: &'static [&'static str],
}

/// All presets.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "brevo-contact",
        mapping: include_str!("presets/brevo-contact.json"),
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
        mapping: include_str!("presets/brevo-event.json"),
        parameters: &[],
    },
    Preset {
        name: "ticket",
        mapping: include_str!("presets/ticket.json"),
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
        mapping: "{}",
        parameters: &[],
    },
];

/// The preset of a name.
pub fn find(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}
