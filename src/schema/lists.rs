//! Lists in what is written.

use records::add;

use crate::prelude::*;

/// Adds a list of names, in which nothing has to be escaped.
pub fn names<'a>(out: &mut String, names: impl Iterator<Item = &'a str>) {
    out.push('[');
    for (index, name) in names.enumerate() {
        add(out, &[comma(index), "\"", name, "\""]);
    }
    out.push(']');
}

/// What stands before a member of an object or a list.
pub fn comma(index: usize) -> &'static str {
    if index == 0 { "" } else { "," }
}
