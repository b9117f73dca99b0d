//! Declared fields.

/// The declared type of a field. Every field may also be null or absent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Text. A number, as some rows and versions give for ids, becomes text.
    Text,
    /// The id of another object as text; `0`, `"0"` and `""`, which mean "nobody", become null.
    Reference,
    /// A time in integer Unix seconds; ISO 8601 and numeric text become that.
    Epoch,
    /// An integer; numeric text becomes one.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// Custom attributes: an object of whatever the workspace declared. Left as it is.
    Attributes,
    /// An object whose fields need no change. Left as it is.
    Object,
    /// A list whose items need no change. Left as it is.
    List,
    /// An object with fields of its own.
    Nested(&'static [Field]),
    /// An object that some versions and sources give as mere text: its `type`, and the field that this text then is.
    Wrapped(&'static (&'static str, &'static str)),
    /// Rows of a stream of their own, which not every source embeds: null.
    Elsewhere,
    /// Whatever it is. Left as it is.
    Any,
}

/// A field of an object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// Its name as it stands in compact JSON, with its quotes and its colon.
    pub written: &'static str,
    /// Its declared type. (One word, not two: there are a thousand fields of a dozen types.)
    pub kind: &'static Kind,
}

impl Field {
    /// Its name.
    #[inline]
    pub fn name(&self) -> &'static str {
        let end = self.written.len().saturating_sub(2);
        self.written.get(1..end).unwrap_or_default()
    }
}

/// A table of fields: `fields! { "name": Kind, … }`.
#[macro_export]
macro_rules! fields {
    ($($name:literal: $kind:expr),* $(,)?) => {
        &[$($crate::Field { written: concat!("\"", $name, "\":"), kind: &$kind }),*] as &'static [$crate::Field]
    };
}
