//! Packs the long texts that the component gives out or compiles and never looks at otherwise: a quarter is left of them. All of
//! them are one, which is unpacked faster than each for itself, and smaller.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

/// The texts: their names, and their paths in `src`.
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
    let (mut all, mut places) = (String::new(), String::new());
    for (name, path) in TEXTS {
        let start = all.len();
        all.push_str(&read(path)?.replace(INNER.1, &inner));
        let end = all.len();
        let place = format!("PackedText {{ start: {start}, end: {end} }}");
        let _ = writeln!(
            places,
            "/// `{path}`.\npub const {name}: PackedText = {place};"
        );
    }
    fs::write(out.join("texts.rs"), places)?;
    fs::write(
        out.join("texts"),
        miniz_oxide::deflate::compress_to_vec(all.as_bytes(), 10),
    )
}
