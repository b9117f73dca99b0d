//! The turns of tenants: each has a queue of connections, and the tenants that have any stand in a ring.

use std::collections::{HashMap, VecDeque};

use super::{ConnectionId, Limits};

/// What is known of a tenant while it has anything to do.
#[derive(Default)]
struct Tenant {
    queue: VecDeque<ConnectionId>,
    running: usize,
    /// Whether it stands in the ring. A tenant at its limit does not: nobody has to pass it by.
    in_ring: bool,
}

/// The tenants and their turns.
pub(super) struct Tenants {
    limits: Limits,
    tenants: HashMap<String, Tenant>,
    ring: VecDeque<String>,
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
            tenants: HashMap::new(),
            ring: VecDeque::new(),
            running: 0,
            waiting: 0,
        }
    }

    /// At the end of its tenant's queue.
    pub(super) fn queue(&mut self, tenant: &str, id: ConnectionId) {
        self.waiting += 1;
        let of = self.tenants.entry(tenant.to_owned()).or_default();
        of.queue.push_back(id);
        self.stand(tenant);
    }

    /// Out of its tenant's queue.
    pub(super) fn take_out(&mut self, tenant: &str, id: ConnectionId) {
        if let Some(of) = self.tenants.get_mut(tenant) {
            let before = of.queue.len();
            of.queue.retain(|queued| *queued != id);
            self.waiting -= before - of.queue.len();
            // Where the queue is empty now, the ring drops the tenant when its turn comes.
        }
    }

    /// Whose turn it is.
    pub(super) fn next(&mut self) -> Option<ConnectionId> {
        while self.running < self.limits.global {
            let name = self.ring.pop_front()?;
            let Some(tenant) = self.tenants.get_mut(&name) else {
                continue;
            };
            tenant.in_ring = false;
            let Some(id) = tenant.queue.pop_front() else {
                self.forget(&name);
                continue;
            };
            tenant.running += 1;
            self.running += 1;
            self.waiting -= 1;
            self.stand(&name);
            return Some(id);
        }
        None
    }

    /// A slice of a tenant ended.
    pub(super) fn ended(&mut self, tenant: &str) {
        self.running = self.running.saturating_sub(1);
        if let Some(of) = self.tenants.get_mut(tenant) {
            of.running = of.running.saturating_sub(1);
        }
        self.stand(tenant);
        self.forget(tenant);
    }

    pub(super) fn running(&self) -> usize {
        self.running
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Into the ring, at its end, where the tenant may have a turn and is not in it.
    fn stand(&mut self, name: &str) {
        if let Some(tenant) = self.tenants.get_mut(name)
            && !tenant.in_ring
            && !tenant.queue.is_empty()
            && tenant.running < self.limits.per_tenant
        {
            tenant.in_ring = true;
            self.ring.push_back(name.to_owned());
        }
    }

    /// A tenant with nothing to do takes no room.
    fn forget(&mut self, name: &str) {
        if let Some(tenant) = self.tenants.get(name)
            && tenant.queue.is_empty()
            && tenant.running == 0
            && !tenant.in_ring
        {
            self.tenants.remove(name);
        }
    }
}
