//! The shell: performs what the core decides through the contract's imports. No rule of Intercom lives here.

use crate::contract::log::Level;
use crate::contract::{http, log, state};
use crate::operation::{Answer, Input, Moment, Operation, Step};
use crate::prelude::*;

/// Runs an operation to its end.
pub fn perform<O: Operation>(mut operation: O) -> O::Output {
    let clock = Clock::start();
    let mut input = Input::Start;
    loop {
        input = match operation.step(clock.moment(), input) {
            Step::Send(requests, max_in_flight) => Input::Answers(send(requests, max_in_flight)),
            Step::Load(key) => Input::Loaded(state::get(&key).unwrap_or_else(|error| {
                log::write(Level::Warn, &format!("state: {}", error.message));
                None
            })),
            Step::Store(changes) => Input::Stored(match state::swap_all(&changes) {
                Ok(swapped) => Some(swapped),
                Err(error) => {
                    log::write(Level::Warn, &format!("state: {}", error.message));
                    None
                }
            }),
            Step::Done(output) => return output,
        };
    }
}

fn send(requests: Vec<http::Request>, max_in_flight: u32) -> Vec<Answer> {
    match <[http::Request; 1]>::try_from(requests) {
        Ok([request]) => vec![http::send(&request)],
        Err(requests) => http::send_all(&requests, max_in_flight),
    }
}

/// A panic in the sandbox is a bare trap, which the host names. To tell its place or its text through the log as well would
/// bring everything that writes texts for people into the component: 7 kB for what no input leads to.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn trap(_panic: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

/// The host's clocks. The standard library's do not work on `wasm32-unknown-unknown`.
struct Clock {
    #[cfg(target_arch = "wasm32")]
    started_ns: u64,
    #[cfg(not(target_arch = "wasm32"))]
    started: std::time::Instant,
}

#[cfg(target_arch = "wasm32")]
impl Clock {
    fn start() -> Self {
        Self {
            started_ns: wasi::clocks::monotonic_clock::now(),
        }
    }

    fn moment(&self) -> Moment {
        let wall = wasi::clocks::wall_clock::now();
        let seconds = i64::try_from(wall.seconds).unwrap_or(i64::MAX / 1_000);
        Moment {
            unix_ms: seconds
                .saturating_mul(1_000)
                .saturating_add(i64::from(wall.nanoseconds / 1_000_000)),
            elapsed_ms: wasi::clocks::monotonic_clock::now().saturating_sub(self.started_ns)
                / 1_000_000,
            memory: core::arch::wasm32::memory_size::<0>() << 16,
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Clock {
    fn start() -> Self {
        Self {
            started: std::time::Instant::now(),
        }
    }

    fn moment(&self) -> Moment {
        let wall = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Moment {
            unix_ms: i64::try_from(wall.as_millis()).unwrap_or(i64::MAX),
            elapsed_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            memory: 0,
        }
    }
}
