/// What an answer holds, and with it how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    /// A page of a list, under this name.
    Page(&'static str),
    /// What a search found, under this name.
    Found(&'static str),
    /// A page of which only the form matters to the check of a connection, under this name.
    Probe(&'static str),
    /// One object.
    One,
    /// The object that was created.
    Created,
    /// The object that was updated.
    Updated,
    /// A receipt for an object that came out of the archive.
    Receipt,
    /// Whose token it is.
    Identity,
    /// Data attributes, under this name.
    Attributes(&'static str),
}

/// An operation that the component uses: method and path, the stream of its items, and what its answer holds.
pub type Used = (&'static str, &'static str, Holds);

/// Every operation that the component uses. A test holds that these are the ones.
pub const USED: &[Used] = &[
    ("GET /me", "", Holds::Identity),
    ("GET /data_attributes", "", Holds::Attributes("data")),
    ("GET /contacts", "contacts", Holds::Page("data")),
    ("POST /contacts/search", "contacts", Holds::Found("data")),
    ("GET /contacts/{}", "contacts", Holds::One),
    ("POST /contacts", "contacts", Holds::Created),
    ("PUT /contacts/{}", "contacts", Holds::Updated),
    ("POST /contacts/{}/unarchive", "contacts", Holds::Receipt),
    ("GET /companies", "companies", Holds::Probe("data")),
    ("GET /companies/scroll", "companies", Holds::Page("data")),
    ("GET /companies/{}", "companies", Holds::One),
    ("GET /admins", "admins", Holds::Page("admins")),
    ("GET /admins/{}", "admins", Holds::One),
    ("GET /teams", "teams", Holds::Page("teams")),
    ("GET /teams/{}", "teams", Holds::One),
    ("GET /tags", "tags", Holds::Page("data")),
    ("GET /tags/{}", "tags", Holds::One),
    ("GET /segments", "segments", Holds::Page("segments")),
    ("GET /segments/{}", "segments", Holds::One),
];
