//! The capabilities `wasi:clocks/wall-clock` and `wasi:clocks/monotonic-clock`: what time it is. No waiting.

use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use wasmtime::component::{ComponentType, Lift, Linker, Lower};

use crate::call::CallContext;

/// The zero of the monotonic clock. A component sees differences only; the machine's uptime is not its business.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A clock of WASI 0.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    Wall,
    Monotonic,
}

/// `wasi:clocks/wall-clock.datetime`.
#[derive(ComponentType, Lift, Lower, Clone, Copy, Debug)]
#[component(record)]
struct Datetime {
    #[component(name = "seconds")]
    seconds: u64,
    #[component(name = "nanoseconds")]
    nanoseconds: u32,
}

/// Gives a linker the functions of a clock, under the very name by which the component imports it (its patch version may be
/// any).
pub(crate) fn add_to_linker(
    linker: &mut Linker<CallContext>,
    clock: Clock,
    import: &str,
) -> wasmtime::Result<()> {
    let mut instance = linker.instance(import)?;
    match clock {
        Clock::Wall => {
            instance.func_wrap("now", |store, (): ()| {
                store.data().permit_clock()?;
                let since = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                let (seconds, nanoseconds) = (since.as_secs(), since.subsec_nanos());
                Ok((Datetime {
                    seconds,
                    nanoseconds,
                },))
            })?;
            instance.func_wrap("resolution", |_, (): ()| {
                Ok((Datetime {
                    seconds: 0,
                    nanoseconds: 1,
                },))
            })
        }
        Clock::Monotonic => {
            instance.func_wrap("now", |store, (): ()| {
                store.data().permit_clock()?;
                let since = ORIGIN.elapsed().as_nanos();
                Ok((u64::try_from(since).unwrap_or(u64::MAX),))
            })?;
            instance.func_wrap("resolution", |_, (): ()| Ok((1_u64,)))
        }
    }
}

impl CallContext {
    /// Reading a clock has no way to fail but a trap.
    fn permit_clock(&self) -> wasmtime::Result<()> {
        if self.tenant.is_none() {
            wasmtime::bail!(
                "`{}` must need no import, and it reads a clock",
                self.export
            );
        }
        Ok(())
    }
}
