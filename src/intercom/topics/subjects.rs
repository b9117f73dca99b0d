//! What the objects in items are.

/// A kind of object that items hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The stream of which it is a row.
    pub stream: &'static str,
    /// The member under which an item that holds several objects has it, by its names over the years.
    pub members: &'static [&'static str],
    /// Members that every record has in reads. An object with all of them is the whole row, one with some is some of it,
    /// and one with none does no more than name it. The first is a mark that no other kind of object has.
    pub whole: &'static [&'static str],
    /// The stream of what hangs on it, and the member that holds it.
    pub parts: Option<&'static str>,
    /// The member with the key of the row on which it hangs itself.
    pub parent: Option<&'static str>,
}

impl Subject {
    /// Whether a field of a link's key is the key of such an object.
    pub fn is_named_by(&self, field: &str) -> bool {
        let own = self.members.first().copied().unwrap_or_default();
        field.strip_suffix("_id") == Some(own)
    }
}

const BASE: Subject = Subject {
    stream: "",
    members: &[],
    whole: &[],
    parts: None,
    parent: None,
};

/// A contact.
pub const CONTACT: Subject = Subject {
    stream: "contacts",
    members: &["contact", "user"],
    whole: &["role", "workspace_id", "location"],
    ..BASE
};

/// A company. Webhooks leave out its tags and segments.
pub const COMPANY: Subject = Subject {
    stream: "companies",
    members: &["company"],
    whole: &["plan", "tags", "segments", "custom_attributes"],
    ..BASE
};

/// A conversation, with the parts that the notification is about.
pub const CONVERSATION: Subject = Subject {
    stream: "conversations",
    members: &["conversation"],
    whole: &[
        "source",
        "contacts",
        "state",
        "statistics",
        "custom_attributes",
    ],
    parts: Some("conversation_parts"),
    ..BASE
};

/// A ticket, with all its parts or one.
pub const TICKET: Subject = Subject {
    stream: "tickets",
    members: &["ticket"],
    whole: &["ticket_attributes", "ticket_state"],
    parts: Some("ticket_parts"),
    ..BASE
};

/// A tag.
pub const TAG: Subject = Subject {
    stream: "tags",
    members: &["tag"],
    whole: &["name"],
    ..BASE
};

/// A teammate. Webhooks leave out what concerns teams.
pub const ADMIN: Subject = Subject {
    stream: "admins",
    members: &["admin"],
    whole: &["name", "away_mode_enabled", "team_priority_level"],
    ..BASE
};

/// Something that a teammate did.
pub const ACTIVITY_LOG: Subject = Subject {
    stream: "activity_logs",
    whole: &["activity_type", "performed_by"],
    ..BASE
};

/// An article. Webhooks leave out its translations.
pub const ARTICLE: Subject = Subject {
    stream: "articles",
    members: &["article"],
    whole: &["title", "state", "translated_content"],
    ..BASE
};

/// A phone call.
pub const CALL: Subject = Subject {
    stream: "calls",
    members: &["call"],
    whole: &["state", "direction", "created_at"],
    ..BASE
};

/// Something that a contact did.
pub const EVENT: Subject = Subject {
    stream: "events",
    members: &["event"],
    whole: &["event_name", "created_at"],
    parent: Some("intercom_user_id"),
    ..BASE
};

/// Something that Intercom does in the background.
pub const JOB: Subject = Subject {
    stream: "jobs",
    members: &["job"],
    whole: &["status"],
    ..BASE
};
