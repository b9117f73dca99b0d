//! The linear memory, as it is and as others left it.

use std::hint::black_box;

/// Writes a text over so many bytes of fresh memory, again and again.
pub fn plant(text: &str, bytes: usize) {
    let mut memory = Vec::with_capacity(bytes + text.len());
    while memory.len() < bytes {
        memory.extend_from_slice(text.as_bytes());
    }
    black_box(&memory);
    // Not given back to the allocator: nothing overwrites it.
    std::mem::forget(memory);
}

/// How often a text is in the memory, in all of it and in as much again that is added first. What this call itself holds of
/// the text does not count: it is looked for by its parts, and the configuration names them turned round.
pub fn count(turned: &str) -> usize {
    let wanted: Vec<u8> = turned.bytes().rev().collect();
    let (first, rest) = match wanted.split_first() {
        Some((first, rest)) => (*first, rest.to_vec()),
        None => return 0,
    };
    // The whole text is nowhere of this call's own making but in `wanted`.
    let own = wanted.as_ptr() as usize;
    let mut found = 0;
    let end = size();
    let mut address = 1;
    while address + rest.len() < end {
        let byte = |at: usize| unsafe { std::ptr::read_volatile(at as *const u8) };
        if byte(address) == first
            && address != own
            && rest
                .iter()
                .enumerate()
                .all(|(index, wanted)| byte(address + 1 + index) == *wanted)
        {
            found += 1;
        }
        address += 1;
    }
    found
}

/// Bytes of the memory, after it was made larger.
#[cfg(target_arch = "wasm32")]
fn size() -> usize {
    core::arch::wasm32::memory_grow::<0>(128);
    core::arch::wasm32::memory_size::<0>() << 16
}

#[cfg(not(target_arch = "wasm32"))]
fn size() -> usize {
    0
}
