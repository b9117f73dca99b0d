//! The engine: one compiler and one pool of instances for the process.

mod ticker;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Semaphore;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::compiled_cache::CompiledCache;
use crate::metrics::{self, Looked};

/// Core instances, memories and tables in one component, at most. A component made from one core module has three core
/// instances: itself and two that tie its imports.
const CORE_INSTANCES: u32 = 8;
const MEMORIES: u32 = 2;
const TABLES: u32 = 4;

/// Elements that a table in the pool can have; a call's limit says how many it may have. Room that is not used is address space.
pub(crate) const TABLE_ELEMENTS: u64 = 100_000;

/// Where instances come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Allocation {
    /// The pool; on demand where the address space is too small for it.
    #[default]
    Automatic,
    /// The pool, or no engine.
    Pool,
    /// On demand: slower, and without any reservation.
    OnDemand,
}

/// How to make an [`Engine`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineOptions {
    /// Calls that run at the same time, over all tenants. In the pool each reserves about 4 GiB of address space, no memory.
    pub concurrent_calls: usize,
    /// Bytes of linear memory that any call may have; [`crate::limits::CallLimits`] may allow less.
    pub guest_memory: usize,
    /// Where instances come from.
    pub allocation: Allocation,
    /// Where compiled components are kept; `None` takes `HOST_TEST_CACHE_DIR`, or the user's cache directory.
    pub cache_directory: Option<PathBuf>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            concurrent_calls: 64,
            guest_memory: 256 * 1024 * 1024,
            allocation: Allocation::Automatic,
            cache_directory: None,
        }
    }
}

/// There can be no engine on this machine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The engine refuses its configuration or finds too little address space.
    #[error("the WebAssembly engine cannot be made: {0:#}")]
    Engine(wasmtime::Error),
    /// The thread that ends calls cannot be started.
    #[error("the thread that watches over calls cannot be started: {0}")]
    Ticker(#[source] std::io::Error),
}

/// The engine. Cheap to clone; make one for the process.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    engine: wasmtime::Engine,
    turns: Arc<Semaphore>,
    concurrent_calls: usize,
    guest_memory: usize,
    pooled: bool,
    cache: CompiledCache,
}

impl Engine {
    /// Makes an engine and starts its ticker, which ends with it.
    pub fn new(options: EngineOptions) -> Result<Self, EngineError> {
        let concurrent_calls = clamped(options.concurrent_calls);
        let on_demand = || wasmtime::Engine::new(&config());
        let pool = || {
            let pool = pool(concurrent_calls, options.guest_memory);
            let strategy = InstanceAllocationStrategy::Pooling(pool);
            wasmtime::Engine::new(config().allocation_strategy(strategy))
        };
        let (engine, pooled) = match options.allocation {
            Allocation::Pool => (pool(), true),
            Allocation::OnDemand => (on_demand(), false),
            // Nothing tells beforehand how much address space there is: the pool reserves all of it at once, or fails.
            Allocation::Automatic => match pool() {
                Ok(engine) => (Ok(engine), true),
                Err(error) => {
                    tracing::warn!(
                        error = format!("{error:#}"),
                        "too little address space for a pool of instances; making each on demand, \
                         which is slower"
                    );
                    (on_demand(), false)
                }
            },
        };
        let engine = engine.map_err(EngineError::Engine)?;
        Self::around(engine, pooled, options)
    }

    /// An engine on memories that a test made, so that it can look into them.
    #[cfg(test)]
    pub(crate) fn with_memories(
        options: EngineOptions,
        memories: Arc<dyn wasmtime::MemoryCreator>,
    ) -> Result<Self, EngineError> {
        let mut config = config();
        config
            .with_host_memory(memories)
            // That is for memories of the engine's own.
            .memory_init_cow(false)
            .memory_reservation(0)
            .memory_guard_size(0);
        let engine = wasmtime::Engine::new(&config).map_err(EngineError::Engine)?;
        Self::around(engine, false, options)
    }

    fn around(
        engine: wasmtime::Engine,
        pooled: bool,
        options: EngineOptions,
    ) -> Result<Self, EngineError> {
        ticker::start(&engine).map_err(EngineError::Ticker)?;
        let shared = Shared {
            engine,
            turns: Arc::new(Semaphore::new(clamped(options.concurrent_calls))),
            concurrent_calls: clamped(options.concurrent_calls),
            guest_memory: options.guest_memory,
            pooled,
            cache: CompiledCache::new(options.cache_directory),
        };
        let shared = Arc::new(shared);
        watch_over(&shared);
        Ok(Self { shared })
    }

    /// Whether instances come from the pool.
    pub fn is_pooled(&self) -> bool {
        self.shared.pooled
    }

    pub(crate) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.shared.engine
    }

    pub(crate) fn cache(&self) -> &CompiledCache {
        &self.shared.cache
    }

    pub(crate) fn turns(&self) -> &Arc<Semaphore> {
        &self.shared.turns
    }

    pub(crate) fn guest_memory(&self) -> usize {
        self.shared.guest_memory
    }

    pub(crate) fn concurrent_calls(&self) -> usize {
        self.shared.concurrent_calls
    }
}

/// Shows how many instances there are, as long as there is the engine.
fn watch_over(engine: &Arc<Shared>) {
    let engine = Arc::downgrade(engine);
    metrics::watch(move |readings| {
        let Some(engine) = engine.upgrade() else {
            return false;
        };
        let limit = engine.concurrent_calls;
        let running = limit.saturating_sub(engine.turns.available_permits());
        readings.add(Looked::InstancesRunning, &[], running as f64);
        readings.add(Looked::InstancesLimit, &[], limit as f64);
        true
    });
}

/// The number of concurrent calls that an engine can have.
fn clamped(concurrent_calls: usize) -> usize {
    concurrent_calls.clamp(1, 10_000)
}

/// What holds for both ways to make instances.
fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        // No component here has asynchronous functions of its own; without them calls are cheaper.
        .concurrency_support(false)
        .memory_init_cow(true)
        // Proposals that a connector has no use for: code that is not reachable cannot be wrong.
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .wasm_relaxed_simd(false)
        // Host functions run on the guest's stack: TLS and the database need room beside the guest's 512 KiB.
        .max_wasm_stack(512 * 1024)
        .async_stack_size(2 * 1024 * 1024);
    config
}

/// Bytes of a memory that stay mapped when its call is over, where the kernel can tell which pages were written
/// (`PAGEMAP_SCAN`, Linux 6.7): exactly those are restored, and the next call in the slot meets no page faults. A page of 150
/// contacts touches about 2 MiB, one of 150 conversations' parts 8: mapping what is over 4 anew was a tenth of reading those.
const KEPT_MEMORY: usize = 16 * 1024 * 1024;

/// A pool with room for this many calls. Of a memory nothing is kept where the kernel cannot tell what was written: clearing a
/// fixed part would cost more than mapping the few touched pages anew. Of a table all is: it is small, every instance writes to
/// it, and each page that has to be mapped anew costs more than clearing it.
fn pool(concurrent_calls: usize, guest_memory: usize) -> PoolingAllocationConfig {
    let calls = u32::try_from(concurrent_calls).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    let kept_memory = match PoolingAllocationConfig::is_pagemap_scan_available() {
        true => KEPT_MEMORY,
        false => 0,
    };
    pool.pagemap_scan(Enabled::Auto);
    pool.total_component_instances(calls)
        .total_core_instances(calls.saturating_mul(CORE_INSTANCES))
        // Most components have one memory; a second one is there for the odd case, not for every call.
        .total_memories(calls.saturating_add(calls / 4))
        .total_tables(calls.saturating_mul(TABLES))
        .total_stacks(calls)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_memory_size(guest_memory)
        .table_elements(usize::try_from(TABLE_ELEMENTS).unwrap_or(usize::MAX))
        .max_unused_warm_slots(calls.min(100))
        .linear_memory_keep_resident(kept_memory)
        .table_keep_resident(64 * 1024);
    pool
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_can_be_made_either_way() {
        let few = EngineOptions {
            concurrent_calls: 2,
            ..EngineOptions::default()
        };
        let on_demand = EngineOptions {
            allocation: Allocation::OnDemand,
            ..few.clone()
        };
        assert!(!Engine::new(on_demand).unwrap().is_pooled());
        assert!(Engine::new(few).is_ok());
    }

    #[test]
    fn a_pool_that_does_not_fit_is_replaced() {
        let options = EngineOptions {
            // 10,000 times 4 GiB and more stay within 47 bits of addresses; a memory beyond its reservation never fits.
            guest_memory: usize::MAX / 2,
            ..EngineOptions::default()
        };
        let strict = EngineOptions {
            allocation: Allocation::Pool,
            ..options.clone()
        };
        assert!(Engine::new(strict).is_err());
        assert!(!Engine::new(options).unwrap().is_pooled());
    }
}
