//! Another version in the place of the one that calls take, compiled before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use host_test::components::{Activation, Components, Store};
use host_test::engine::{Engine, EngineOptions};
use host_test::plugin::Plugin;
use tempfile::TempDir;

/// Two builds of the connector and a process that runs one of them.
pub struct Swapping {
    components: Arc<Components>,
    plugin: Plugin,
    hashes: [String; 2],
    swaps: AtomicUsize,
    _folder: TempDir,
}

impl Swapping {
    /// Keeps both, compiles both, and runs the first.
    pub async fn new() -> anyhow::Result<Self> {
        let first = host_test::artifact::find_or_build(None)?;
        // A custom section more: another hash, the same code.
        let second = [&first[..], &[0, 6, 5, b'b', b'u', b'i', b'l', b'd']].concat();
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let engine = Engine::new(EngineOptions {
            cache_directory: Some(folder.path().join("compiled")),
            ..EngineOptions::default()
        })?;
        let store = Store::new(folder.path().join("components"));
        let components = Arc::new(Components::new(engine, store, None));
        let mut hashes = Vec::new();
        for bytes in [&first, &second] {
            hashes.push(components.add(bytes, "the connector").await?.sha256);
        }
        let hashes: [String; 2] = [hashes.remove(0), hashes.remove(0)];
        components.activate(&activation(&hashes[0])).await?;
        Ok(Self {
            plugin: components.plugin("intercom", "bench").await?,
            components,
            hashes,
            swaps: AtomicUsize::new(0),
            _folder: folder,
        })
    }

    /// From the request until calls take the other version, by the clock on the wall: a part of the work is another thread's,
    /// and the disk's.
    pub async fn swap(&self) -> anyhow::Result<Duration> {
        let next = &self.hashes[(self.swaps.fetch_add(1, Ordering::Relaxed) + 1) % 2];
        let begun = Instant::now();
        self.components.activate(&activation(next)).await?;
        let taken = begun.elapsed();
        ensure!(self.plugin.renewed().sha256() == next, "it was not swapped");
        Ok(taken)
    }
}

fn activation(version: &str) -> Activation {
    Activation {
        version: version.to_owned(),
        ..Activation::default()
    }
}
