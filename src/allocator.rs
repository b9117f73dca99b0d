//! The component's allocator: memory that the instance has from its start, and growth beyond it.
//!
//! Every growth of a linear memory is a system call of the host's, and undoing it for the next instance another one. They
//! cost more than most calls of the component need for their work, so the memory of such a call is there from the start.
//! What is not touched of it costs nothing.

use core::alloc::Layout;
use core::arch::wasm32::memory_grow;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use talc::base::Talc;
use talc::base::binning::Binning;
use talc::cell::TalcSyncCell;
use talc::source::Source;
use talc::wasm::WasmBinning;

/// Bytes that are there from the start: enough for a page of a few hundred records.
const RESERVED: usize = 384 << 10;

/// Bytes of a page of linear memory.
const PAGE: usize = 64 << 10;

/// Pages that are added at the least.
const LEAST_GROWTH: usize = 64;

static mut ARENA: [MaybeUninit<u8>; RESERVED] = [MaybeUninit::uninit(); RESERVED];

#[global_allocator]
static ALLOCATOR: TalcSyncCell<ReservedThenGrown, WasmBinning> =
    TalcSyncCell::new_wasm(ReservedThenGrown {
        claimed: false,
        end: None,
    });

/// Gives the reserved memory first, then grows.
#[derive(Debug)]
struct ReservedThenGrown {
    claimed: bool,
    /// Where the memory ends that was added last.
    end: Option<NonNull<u8>>,
}

// SAFETY: nothing here allocates, and the allocator is reached through `talc` alone.
unsafe impl Source for ReservedThenGrown {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        if !talc.source.claimed {
            talc.source.claimed = true;
            // SAFETY: nobody else uses the arena.
            let claimed = unsafe { talc.claim((&raw mut ARENA).cast(), RESERVED) };
            return claimed.map(drop).ok_or(());
        }
        // A page more than the layout needs holds what the allocator notes beside it.
        let wanted = layout.size().checked_add(layout.align()).ok_or(())?;
        let pages = (wanted / PAGE + 2).max(LEAST_GROWTH);
        let before = match memory_grow::<0>(pages) {
            usize::MAX => return Err(()),
            before => before,
        };
        let base = (before * PAGE) as *mut u8;
        // SAFETY: the pages are new, and nobody else knows of them.
        let end = match talc.source.end.filter(|end| end.as_ptr() == base) {
            Some(end) => Some(unsafe { talc.extend(end, base.wrapping_add(pages * PAGE)) }),
            None => unsafe { talc.claim(base, pages * PAGE) },
        };
        talc.source.end = end;
        end.map(drop).ok_or(())
    }
}
