//! The component's allocator: memory goes up and is never taken back, for an instance lives for one call and all of its
//! memory ends with it.
//!
//! Code that frees would be a twentieth of the component, and would run for nothing. What a call leaves behind is bounded
//! by what it reads and writes: a page of records, three or four times. Only a block that grows is given its place anew.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::memory_grow;
use core::cell::Cell;
use core::mem::MaybeUninit;
use core::ptr::null_mut;

/// Bytes that are there from the start: as much as a webhook and its triggers need, or a few records. Every growth of a linear
/// memory is a system call of the host's, and undoing it for the next instance another one; they cost more than such a call
/// needs for its work. More would cost it too: a host keeps the pages that some call has written for the next one, and clears
/// all of them after each call, whatever that call touched (384 KiB of them took a fifth of a webhook's time). A call that
/// reads a page of records grows the memory anyway, and works for as long as a thousand growths.
const RESERVED: usize = 96 << 10;

/// Bytes of a page of linear memory.
const PAGE: usize = 64 << 10;

/// Pages that are added at the least.
const LEAST_GROWTH: usize = 64;

static mut ARENA: [MaybeUninit<u8>; RESERVED] = [MaybeUninit::uninit(); RESERVED];

#[global_allocator]
static ALLOCATOR: Upwards = Upwards {
    next: Cell::new(0),
    end: Cell::new(0),
};

/// Where the free memory begins and ends; both 0 before the first block.
struct Upwards {
    next: Cell<usize>,
    end: Cell<usize>,
}

// SAFETY: a component has one thread.
unsafe impl Sync for Upwards {}

/// Leaves the rest of what is reserved to small calls, for this one needs more than that anyway. What it does not write needs
/// not be cleared after every call that follows in its place.
pub fn leave_the_reserve() {
    let end = (&raw const ARENA).addr() + RESERVED;
    ALLOCATOR.next.set(end);
    ALLOCATOR.end.set(end);
}

impl Upwards {
    /// Makes sure that the free memory holds `size` bytes from `at` on, or begins elsewhere and holds them there. Gives where.
    #[cold]
    #[inline(never)]
    fn grow(&self, at: usize, layout: Layout) -> Option<usize> {
        let mut from = at;
        if self.end.get() == 0 {
            from = (&raw const ARENA).addr();
            self.end.set(from + RESERVED);
        } else {
            let pages = (layout.size() / PAGE + 2).max(LEAST_GROWTH);
            let start = match memory_grow::<0>(pages) {
                usize::MAX => return None,
                before => before * PAGE,
            };
            if start != self.end.get() {
                from = start;
            }
            self.end.set(start + pages * PAGE);
        }
        self.place(from, layout)
    }

    /// Takes a block from the free memory, which begins at `from`. Calls would be most of the time that a block takes.
    #[inline(always)]
    fn place(&self, from: usize, layout: Layout) -> Option<usize> {
        // The next place of that alignment, which is a power of two: a division would be most of the time that a block takes.
        let at = from.checked_add(layout.align() - 1)? & !(layout.align() - 1);
        let end = at.checked_add(layout.size())?;
        if end > self.end.get() {
            return self.grow(at, layout);
        }
        self.next.set(end);
        Some(at)
    }
}

// SAFETY: blocks do not overlap, for the free memory begins where the last one ends; they are never given twice.
unsafe impl GlobalAlloc for Upwards {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match self.place(self.next.get(), layout) {
            Some(at) => at as *mut u8,
            None => null_mut(),
        }
    }

    // Memory of a new instance is zero, and none is given twice.
    #[inline(always)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's.
        unsafe { self.alloc(layout) }
    }

    #[inline(always)]
    unsafe fn dealloc(&self, _block: *mut u8, _layout: Layout) {}

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if size <= layout.size() {
            return block;
        }
        let at = block.addr();
        // SAFETY: the caller's, who says that the size is right for the alignment.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        let last = at + layout.size() == self.next.get();
        let from = if last { at } else { self.next.get() };
        match self.place(from, wanted) {
            Some(to) => {
                if to != at {
                    // SAFETY: the new block begins behind the old one's end.
                    unsafe { (to as *mut u8).copy_from_nonoverlapping(block, layout.size()) };
                }
                to as *mut u8
            }
            None => null_mut(),
        }
    }
}
