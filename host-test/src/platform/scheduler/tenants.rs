//! The turns of tenants: each has a queue of connections, and the tenants that have any stand in a ring. A tenant is a number
//! here: a turn looks up no name.

use std::collections::{HashMap, VecDeque};

use super::{ConnectionId, Limits};

/// The number of a tenant, for as long as it has connections.
pub(super) type TenantId = usize;

/// What is known of a tenant.
#[derive(Default)]
struct Tenant {
    name: String,
    connections: usize,
    queue: VecDeque<ConnectionId>,
    running: usize,
    /// Whether it stands in the ring. A tenant at its limit does not: nobody has to pass it by.
    in_ring: bool,
}

/// The tenants and their turns.
pub(super) struct Tenants {
    limits: Limits,
    names: HashMap<String, TenantId>,
    tenants: Vec<Tenant>,
    /// Numbers of tenants that are gone.
    free: Vec<TenantId>,
    ring: VecDeque<TenantId>,
    running: usize,
    waiting: usize,
}

impl Tenants {
    pub(super) fn new(limits: Limits) -> Tenants {
        Tenants {
            limits: Limits {
                global: limits.global.max(1),
                per_tenant: limits.per_tenant.max(1),
            },
            names: HashMap::new(),
            tenants: Vec::new(),
            free: Vec::new(),
            ring: VecDeque::new(),
            running: 0,
            waiting: 0,
        }
    }

    /// The number of a tenant that has one connection more.
    pub(super) fn join(&mut self, name: &str) -> TenantId {
        let id = match self.names.get(name) {
            Some(id) => *id,
            None => {
                let id = self.free.pop().unwrap_or_else(|| {
                    self.tenants.push(Tenant::default());
                    self.tenants.len() - 1
                });
                name.clone_into(&mut self.tenants[id].name);
                self.names.insert(name.to_owned(), id);
                id
            }
        };
        self.tenants[id].connections += 1;
        id
    }

    /// A tenant has one connection less; without any, its number is given back. Where it stands in the ring, its successor does.
    pub(super) fn leave(&mut self, id: TenantId) {
        self.tenants[id].connections -= 1;
        if self.tenants[id].connections == 0 {
            self.names.remove(&self.tenants[id].name);
            self.free.push(id);
        }
    }

    /// At the end of its tenant's queue.
    pub(super) fn queue(&mut self, tenant: TenantId, id: ConnectionId) {
        self.waiting += 1;
        self.tenants[tenant].queue.push_back(id);
        self.stand(tenant);
    }

    /// Out of its tenant's queue.
    pub(super) fn take_out(&mut self, tenant: TenantId, id: ConnectionId) {
        let queue = &mut self.tenants[tenant].queue;
        let before = queue.len();
        queue.retain(|queued| *queued != id);
        self.waiting -= before - queue.len();
        // Where the queue is empty now, the ring drops the tenant when its turn comes.
    }

    /// Whose turn it is.
    pub(super) fn next(&mut self) -> Option<ConnectionId> {
        while self.running < self.limits.global {
            let id = self.ring.pop_front()?;
            let tenant = &mut self.tenants[id];
            tenant.in_ring = false;
            let Some(connection) = tenant.queue.pop_front() else {
                continue;
            };
            tenant.running += 1;
            self.running += 1;
            self.waiting -= 1;
            self.stand(id);
            return Some(connection);
        }
        None
    }

    /// A slice of a tenant ended.
    pub(super) fn ended(&mut self, tenant: TenantId) {
        self.running = self.running.saturating_sub(1);
        let running = &mut self.tenants[tenant].running;
        *running = running.saturating_sub(1);
        self.stand(tenant);
    }

    pub(super) fn running(&self) -> usize {
        self.running
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Into the ring, at its end, where the tenant may have a turn and is not in it.
    fn stand(&mut self, id: TenantId) {
        let tenant = &mut self.tenants[id];
        if !tenant.in_ring && !tenant.queue.is_empty() && tenant.running < self.limits.per_tenant {
            tenant.in_ring = true;
            self.ring.push_back(id);
        }
    }
}
