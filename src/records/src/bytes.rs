//! Bytes of texts, looked at several at a time.

use crate::blocks::{BLOCK, Block};

/// How many digits a text begins with: eight at a time, since a time has ten.
#[inline(always)]
pub(crate) fn leading_digits(text: &[u8]) -> usize {
    let mut here = 0;
    while let Some(Ok(block)) = text.get(here..here + 8).map(TryInto::try_into) {
        if !are_digits(u64::from_le_bytes(block)) {
            break;
        }
        here += 8;
    }
    while text.get(here).is_some_and(u8::is_ascii_digit) {
        here += 1;
    }
    here
}

/// Whether eight bytes are digits: the upper half of each is 3, also after 6 is added to it.
#[inline(always)]
fn are_digits(block: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const UPPER: u64 = ONES * 0xf0;
    block & UPPER | (block.wrapping_add(ONES * 6) & UPPER) >> 4 == ONES * 0x33
}

/// Whether two texts are the same. Its first and its last bytes are compared in one step each, and may overlap: no loop for
/// the names of fields. In the sandbox, a call that compares byte by byte is what takes the time.
#[inline(always)]
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    match left.len() {
        0 => true,
        1..4 => {
            left[0] == right[0]
                && left.last() == right.last()
                && left[left.len() / 2] == right[right.len() / 2]
        }
        4..8 => ends_match::<4>(left, right),
        8..17 => ends_match::<8>(left, right),
        _ => {
            let (left_blocks, _) = left.as_chunks::<8>();
            let (right_blocks, _) = right.as_chunks::<8>();
            let mut at = 0;
            while let (Some(left), Some(right)) = (left_blocks.get(at), right_blocks.get(at)) {
                if u64::from_le_bytes(*left) != u64::from_le_bytes(*right) {
                    return false;
                }
                at += 1;
            }
            ends_match::<8>(left, right)
        }
    }
}

/// Whether the first and the last bytes of two texts are the same.
#[inline(always)]
fn ends_match<const SIZE: usize>(left: &[u8], right: &[u8]) -> bool {
    let first = (left.first_chunk::<SIZE>(), right.first_chunk::<SIZE>());
    let last = (left.last_chunk::<SIZE>(), right.last_chunk::<SIZE>());
    first.0 == first.1 && last.0 == last.1
}

/// The number of bytes from `at` on that a text may hold as they are: up to a quote, a backslash, a control character or
/// the end.
#[inline(always)]
pub(crate) fn plain(bytes: &[u8], at: usize) -> usize {
    let mut here = at;
    while let Some(Ok(block)) = bytes.get(here..here + BLOCK).map(TryInto::try_into) {
        match Block::of(block).first_mark() {
            Some(mark) => return here + mark - at,
            None => here += BLOCK,
        }
    }
    here - at + plain_rest(bytes.get(here..).unwrap_or_default())
}

/// The same for the last bytes of a document, which are less than a block.
#[cold]
fn plain_rest(bytes: &[u8]) -> usize {
    let plain = bytes
        .iter()
        .take_while(|byte| **byte >= 0x20 && !matches!(byte, b'"' | b'\\'));
    plain.count()
}
