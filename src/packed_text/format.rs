//! How texts are packed: a byte of ASCII is itself, and all others say what is copied from before. It is made for being
//! unpacked fast: deflate is a tenth shorter, and takes many times as long.
//!
//! | bytes | |
//! |---|---|
//! | `0xxxxxxx` | itself |
//! | `10llllhh dddddddd` | `l` + 3 bytes from `hd` bytes before |
//! | `11llllll hhhhhhhh dddddddd` | `l` + 4 bytes from `hd` bytes before; where `l` is 62, another byte behind is added to it |
//! | `11111111 xxxxxxxx` | the second byte |

/// The fewest bytes of a near copy.
pub const NEAR_LEAST: usize = 3;

/// What far copies begin with.
pub const FAR: u8 = 0b1100_0000;
/// The fewest bytes of a far copy.
pub const FAR_LEAST: usize = 4;

/// The length of a far copy to which another byte is added.
pub const MORE: u8 = 62;

/// Bytes that are copied at once. What is nearer is not copied, so that no block is read before it is written.
pub const BLOCK: usize = 16;

/// Bytes behind what is unpacked that may be written too.
pub const ROOM: usize = 2 * BLOCK;

/// Bytes of 0 behind what is packed, which is read in words.
pub const WORD: usize = 8;

/// Unpacks until all of `out` is filled but the room behind it.
///
/// Gives nothing where it is not what the packer makes.
#[inline(never)]
pub fn unpack(packed: &[u8], out: &mut [u8]) -> Option<()> {
    let end = out.len().checked_sub(ROOM)?;
    let (mut from, mut to) = (0, 0);
    while to < end {
        // Bytes that are themselves, as many as there are: to write none of them costs less than to ask.
        let word = word_at(packed, from)?;
        let themselves = (word & HIGH_BITS).trailing_zeros() as usize / 8;
        *out.get_mut(to..)?.first_chunk_mut::<WORD>()? = word.to_le_bytes();
        from += themselves;
        to += themselves;
        if themselves == WORD || to >= end {
            continue;
        }
        let [first, second, third, fourth, ..] = word_at(packed, from)?.to_le_bytes();
        let (length, high, low);
        if first < FAR {
            length = usize::from(first >> 2 & 0xF) + NEAR_LEAST;
            (high, low) = (first & 3, second);
            from += 2;
        } else if first <= FAR | MORE {
            let more = if first == FAR | MORE { fourth } else { 0 };
            length = usize::from(first & !FAR) + FAR_LEAST + usize::from(more);
            (high, low) = (second, third);
            from += 3 + usize::from(first == FAR | MORE);
        } else {
            *out.get_mut(to)? = second;
            from += 2;
            to += 1;
            continue;
        }
        let mut source = to.checked_sub(usize::from(u16::from_be_bytes([high, low])))?;
        let stop = to + length;
        while to < stop {
            copy_block(out, source, to)?;
            copy_block(out, source + BLOCK, to + BLOCK)?;
            source += ROOM;
            to += ROOM;
        }
        to = stop;
    }
    Some(())
}

/// The first bit of each byte of a word.
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

fn word_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[inline(always)]
fn copy_block(bytes: &mut [u8], from: usize, to: usize) -> Option<()> {
    let block = *bytes.get(from..)?.first_chunk::<BLOCK>()?;
    *bytes.get_mut(to..)?.first_chunk_mut()? = block;
    Some(())
}
