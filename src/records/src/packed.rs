//! Packed values, taken from the front of the bytes that hold them: numbers, and texts behind their length. `None` where the
//! bytes are damaged.

/// Takes a number, in groups of seven bits.
#[inline(never)]
pub fn take_number(packed: &mut &[u8]) -> Option<usize> {
    let (byte, rest) = packed.split_first()?;
    *packed = rest;
    let mut number = usize::from(*byte & 127);
    if *byte < 128 {
        return Some(number);
    }
    for shift in [7, 14, 21] {
        let (byte, rest) = packed.split_first()?;
        *packed = rest;
        number |= usize::from(byte & 127) << shift;
        if *byte < 128 {
            return Some(number);
        }
    }
    None
}

/// Takes bytes, as they lie.
#[inline(never)]
pub fn take_bytes<'a>(packed: &mut &'a [u8]) -> Option<&'a [u8]> {
    // Most are short: their length is a byte.
    let length = match packed {
        [length @ ..128, rest @ ..] => {
            let length = usize::from(*length);
            *packed = rest;
            length
        }
        _ => take_number(packed)?,
    };
    let (bytes, rest) = packed.split_at_checked(length)?;
    *packed = rest;
    Some(bytes)
}

/// Takes a text, as it lies.
#[inline(never)]
pub fn take_text<'a>(packed: &mut &'a [u8]) -> Option<&'a str> {
    str::from_utf8(take_bytes(packed)?).ok()
}
