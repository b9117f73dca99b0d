//! Packs the long texts that the component gives out or compiles and never looks at otherwise: a quarter is left of them.

use std::path::Path;
use std::{env, fs, io};

/// The texts, by their paths in `src`.
const TEXTS: &[&str] = &[
    "config/schema.json",
    "mapping/presets/brevo-contact.json",
    "mapping/presets/brevo-event.json",
    "mapping/presets/identity.json",
    "mapping/presets/ticket.json",
    "triggers/schema.json",
];

fn main() -> io::Result<()> {
    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    for text in TEXTS {
        let source = Path::new("src").join(text);
        println!("cargo::rerun-if-changed={}", source.display());
        let packed = miniz_oxide::deflate::compress_to_vec(&fs::read(source)?, 10);
        let target = Path::new(&out).join(text);
        fs::create_dir_all(target.parent().unwrap_or(Path::new(&out)))?;
        fs::write(target, packed)?;
    }
    Ok(())
}
