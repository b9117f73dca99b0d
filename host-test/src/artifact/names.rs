//! The names that a component's parts have for debuggers: three kilobytes which nobody reads who runs it.

use wasmparser::{BinaryReader, BinaryReaderError};

/// The section that holds them, with the length of its name.
const SECTION: &[u8] = b"\x0ecomponent-name";

/// The component without them.
///
/// # Errors
/// When the bytes are no sections.
pub(super) fn without_names(component: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    let mut reader = BinaryReader::new(component, 0);
    let mut kept = reader.read_bytes(8)?.to_vec();
    while !reader.eof() {
        let start = reader.original_position();
        let custom = reader.read_u8()? == 0;
        let size = reader.read_var_u32()? as usize;
        let content = reader.read_bytes(size)?;
        if !(custom && content.starts_with(SECTION)) {
            kept.extend(
                component
                    .get(start..reader.original_position())
                    .unwrap_or_default(),
            );
        }
    }
    Ok(kept)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_go_and_everything_else_stays() {
        let head = b"\0asm\x0d\0\x01\0";
        let [names, other, types] = [
            &b"\0\x10\x0ecomponent-name!"[..],
            b"\0\x03\x02ab",
            b"\x07\x01\0",
        ];
        let with = [head, types, names, other, names, types].concat();
        assert_eq!(
            without_names(&with).unwrap(),
            [head, types, other, types].concat()
        );
        for cut in [0, 7, with.len() - 1, with.len() - 2] {
            assert!(without_names(&with[..cut]).is_err(), "{cut}");
        }
    }
}
