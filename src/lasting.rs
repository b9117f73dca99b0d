//! What is there as long as the instance, given out as it is: the contract's values own their texts, and a thousand copies of what
//! the tables hold were a seventh of what `describe` took.

use crate::prelude::*;

/// These bytes.
pub fn bytes(lasting: &'static [u8]) -> Vec<u8> {
    #[cfg(target_arch = "wasm32")]
    // SAFETY: all of the bytes are there, and for good. They come from no allocation, which matters to who grows or frees them:
    // the allocator of this component takes nothing back, and gives what grows another place. Nobody writes to a value that is
    // given out.
    return unsafe {
        Vec::from_raw_parts(lasting.as_ptr().cast_mut(), lasting.len(), lasting.len())
    };
    #[cfg(not(target_arch = "wasm32"))]
    lasting.to_vec()
}

/// This text.
pub fn text(lasting: &'static str) -> String {
    // SAFETY: they are a text's.
    unsafe { String::from_utf8_unchecked(bytes(lasting.as_bytes())) }
}
