//! The clock of the engine's epochs.

use std::io;
use std::time::Duration;

use wasmtime::Engine;

/// How often a guest that computes lets others run, and how exactly its end is kept.
const TICK: Duration = Duration::from_millis(10);

/// Starts a thread that counts the engine's epochs for as long as somebody has the engine.
pub(super) fn start(engine: &Engine) -> io::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new()
        .name("epochs".to_owned())
        .spawn(move || {
            loop {
                std::thread::sleep(TICK);
                match engine.upgrade() {
                    Some(engine) => engine.increment_epoch(),
                    None => return,
                }
            }
        })
        .map(drop)
}
