//! The fields that actions take.

use crate::intercom::versions::minor;

/// The type of a field that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Text or null.
    Text,
    /// Text with something in it that is no space, of at most so many characters.
    Name(u16),
    /// An e-mail address or null. Trimmed and lower-cased.
    Email,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// Unix seconds or null.
    Epoch,
    /// An id as text or number, or null. Sent as text.
    Id,
    /// An id as text or number, or null. Sent as a number.
    Number,
    /// The id of a teammate, as text or number, or null. Sent in the form that the API version declares.
    Teammate,
    /// An integer from 0 to 2³¹ − 1, or null.
    Integer,
    /// `true`, `false` or null.
    Boolean,
    /// An object of text, numbers, `true`, `false`, null, and lists of texts and numbers.
    Attributes,
    /// An object, as it is.
    Object,
    /// A list of addresses on the web, ten at most.
    Addresses,
    /// A list of texts, two at least. Sent in the form that the API version declares.
    Options,
    /// An object of ten flat values, links and amounts of money at most.
    Metadata,
}

impl Input {
    /// Whether it says which object is meant.
    pub fn names(self) -> bool {
        matches!(self, Self::Id | Self::Email | Self::Number | Self::Teammate)
    }
}

/// A field that an action takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputField {
    /// Its name in the row's document.
    pub name: &'static str,
    /// Its type.
    pub input: Input,
    /// Whether a row must have it.
    pub required: bool,
    /// Whether it is sent where all fields are.
    pub sent: bool,
    /// The second number of the first API version that has it.
    pub since: u8,
}

/// A field that is sent.
pub const fn field(name: &'static str, input: Input) -> InputField {
    InputField {
        name,
        input,
        required: false,
        sent: true,
        since: super::FIRST,
    }
}

/// A field that says which object is meant, and is not sent with the others.
pub const fn address(name: &'static str, input: Input) -> InputField {
    InputField {
        sent: false,
        ..field(name, input)
    }
}

impl InputField {
    /// Whether null is one of its values: it clears what is sent, and says nothing where nothing is.
    pub fn takes_null(&self) -> bool {
        let whole = matches!(
            self.input,
            Input::Attributes | Input::Object | Input::Metadata | Input::OneOf(_) | Input::Name(_)
        );
        !self.required && (!whole || !self.sent)
    }

    /// The same, in every row.
    pub const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// The same, from an API version on.
    pub const fn since(self, version: &str) -> Self {
        let since = minor(version);
        Self { since, ..self }
    }
}
