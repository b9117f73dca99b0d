//! Packs the long texts that the component gives out or compiles and never looks at otherwise: a ninth is left of them. Most are
//! schemas, made here from the tables of streams and actions. All of the texts are one, in which each is short where it is like
//! another.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

use intercom::actions;
use intercom::streams::STREAMS;
use packed_text::packing;
use records::prelude;
use schema::record;

extern crate alloc;

/// The tables of the component.
#[path = "src/intercom"]
#[allow(dead_code)]
mod intercom {
    pub mod actions;
    pub mod fields;
    pub mod streams;
    pub mod versions;
}

#[path = "src/schema"]
mod schema {
    mod lists;
    pub mod record;

    pub use lists::{comma, names};
}

#[path = "src/packed_text"]
mod packed_text {
    #[allow(dead_code)] // Unpacking.
    mod format;
    pub mod packing;
}

/// What the tables say of requests.
mod contract {
    pub mod http {
        #[derive(Clone, Copy, Debug)]
        pub enum Method {
            Post,
            Put,
            Delete,
        }
    }
}

mod json {
    pub use records::quoted;
}

/// Texts of files: their names, and their paths in `src`.
const TEXTS: &[(&str, &str)] = &[
    ("CONFIG", "config/schema.json"),
    ("BREVO_CONTACT", "mapping/presets/brevo-contact.json"),
    ("BREVO_EVENT", "mapping/presets/brevo-event.json"),
    ("IDENTITY", "mapping/presets/identity.json"),
    ("TICKET", "mapping/presets/ticket.json"),
];

/// A text that stands within another one, and what it stands there for.
const INNER: (&str, &str) = ("triggers/schema.json", "\"$triggers\"");

fn main() -> io::Result<()> {
    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    let out = Path::new(&out);
    let read = |path: &str| {
        let path = Path::new("src").join(path);
        println!("cargo::rerun-if-changed={}", path.display());
        fs::read_to_string(path)
    };
    let inner = read(INNER.0)?;
    let mut all = String::new();
    let mut ends = Vec::new();
    let mut add = |text: &str| {
        all.push_str(text);
        ends.push(all.len());
    };
    for stream in STREAMS {
        add(&record::of_stream(stream));
    }
    for action in actions::all() {
        add(&actions::input_schema(action));
    }
    let mut source = String::new();
    let first_action = STREAMS.len();
    let first = first_action + actions::all().count();
    for (index, (name, path)) in (first..).zip(TEXTS) {
        add(&read(path)?.replace(INNER.1, &inner));
        let _ = writeln!(
            source,
            "/// `{path}`.\npub const {name}: PackedText = PackedText({index});"
        );
    }
    let _ = writeln!(
        source,
        "const FIRST_ACTION: usize = {first_action};
/// Where each text ends among all of them.
const ENDS: &[u32] = &{ends:?};"
    );
    fs::write(out.join("texts.rs"), source)?;
    fs::write(out.join("texts"), packing::packed(all.as_bytes()))
}
