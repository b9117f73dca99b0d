//! Decides which connection syncs when, from a clock, limits and what is running: no thread, no timer, no input or output.
//!
//! A run is cut into slices. Whoever is due waits in a queue of its tenant; the tenants take turns, one slice each, so that
//! a tenant with much to do holds up another one by a slice at most. What is done costs the same whether there are ten
//! connections or ten thousand: a time is found in a tree, a turn at the head of a queue.

mod tenants;

use std::collections::{BTreeSet, HashMap};

use self::tenants::{TenantId, Tenants};

/// The number of a connection, given by whoever adds it.
pub type ConnectionId = u64;

/// A time in milliseconds, by any clock that does not go back.
pub type Time = u64;

/// What may run at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Slices of all tenants.
    pub global: usize,
    /// Slices of one tenant.
    pub per_tenant: usize,
}

/// When a connection is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// From one time to the next, in milliseconds; absent: only when somebody asks.
    pub every: Option<Time>,
    /// Where in the span: connections of the same span with different phases are not due at once, however they began.
    pub phase: Time,
    /// The most by which each time is put off, at random, in milliseconds.
    pub jitter: Time,
}

impl Schedule {
    /// The first of its times after this one; `None`: there is none.
    fn after(self, time: Time) -> Option<Time> {
        let every = self.every?.max(1);
        let phase = self.phase % every;
        let passed = (time % every + every - phase) % every;
        Some(time - passed + every)
    }
}

/// A slice to be run now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Whose.
    pub connection: ConnectionId,
    /// When it was due.
    pub due: Time,
    /// Whether a run begins with it; else it goes on with one.
    pub first: bool,
    /// Whether somebody asked for the run.
    pub asked: bool,
}

/// How a slice ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The run is over.
    Run,
    /// The run goes on, not before so many milliseconds.
    Slice {
        /// How long it has nothing to do.
        wait: Time,
    },
}

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Nothing, until it is due (absent: until somebody asks).
    Idle {
        /// When that is.
        due: Option<Time>,
    },
    /// It is due, and others are before it.
    Waiting,
    /// A slice of it runs.
    Running,
    /// Nothing, until it is resumed.
    Paused,
}

struct Connection {
    tenant: TenantId,
    schedule: Schedule,
    place: Place,
    /// When the run under way, or the next one, was due.
    due: Time,
    /// A run is under way, with a slice or between two.
    begun: bool,
    /// Somebody asked for the run.
    asked: bool,
    /// Somebody asked once more during the run.
    again: bool,
    paused: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Nowhere,
    /// In the tree of times.
    Timed(Time),
    /// In its tenant's queue.
    Queued,
    Running,
}

/// All connections and their turns.
pub struct Scheduler {
    connections: HashMap<ConnectionId, Connection>,
    times: BTreeSet<(Time, ConnectionId)>,
    tenants: Tenants,
    random: fastrand::Rng,
}

impl Scheduler {
    /// Without any connection. The seed decides the jitter.
    pub fn new(limits: Limits, seed: u64) -> Scheduler {
        Scheduler {
            connections: HashMap::new(),
            times: BTreeSet::new(),
            tenants: Tenants::new(limits),
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// Adds a connection that is due first at `first`. One that is there stays as it is.
    pub fn add(&mut self, id: ConnectionId, tenant: &str, schedule: Schedule, first: Time) {
        if self.connections.contains_key(&id) {
            return;
        }
        let connection = Connection {
            tenant: self.tenants.join(tenant),
            schedule,
            place: Place::Nowhere,
            due: first,
            begun: false,
            asked: false,
            again: false,
            paused: false,
        };
        self.connections.insert(id, connection);
        if schedule.every.is_some() {
            self.put_off(id, first, true);
        }
    }

    /// Forgets a connection, and a slice of it that runs.
    pub fn remove(&mut self, id: ConnectionId) {
        self.take_out(id);
        if let Some(connection) = self.connections.remove(&id) {
            if connection.place == Place::Running {
                self.tenants.ended(connection.tenant);
            }
            self.tenants.leave(connection.tenant);
        }
    }

    /// Lets a connection run no more until it is resumed. A slice that runs is not ended by this.
    pub fn pause(&mut self, id: ConnectionId) {
        self.take_out(id);
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.paused = true;
        }
    }

    /// Lets a connection run again: a run that was under way at once, else when it is due.
    pub fn resume(&mut self, id: ConnectionId, now: Time) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if !std::mem::take(&mut connection.paused) || connection.place != Place::Nowhere {
            return;
        }
        if connection.begun || connection.asked {
            return self.queue(id);
        }
        if connection.schedule.every.is_some() {
            let due = connection.due.max(now);
            self.put_off(id, due, true);
        }
    }

    /// Whether somebody may ask for a run: not for a connection that is paused or not known.
    pub fn may_ask(&self, id: ConnectionId) -> bool {
        let connection = self.connections.get(&id);
        connection.is_some_and(|connection| !connection.paused)
    }

    /// Asks for a run now, or for another one behind the run that is under way. False for a connection that is paused or
    /// not known.
    pub fn ask(&mut self, id: ConnectionId, now: Time) -> bool {
        let Some(connection) = self.connections.get_mut(&id) else {
            return false;
        };
        if connection.paused {
            return false;
        }
        if connection.begun || connection.place == Place::Running {
            connection.again = true;
            return true;
        }
        connection.asked = true;
        if connection.place != Place::Queued {
            connection.due = now;
            self.take_out(id);
            self.queue(id);
        }
        true
    }

    /// The next slice to run now; asked until there is none.
    pub fn next(&mut self, now: Time) -> Option<Slice> {
        while let Some((time, id)) = self.times.first().copied()
            && time <= now
        {
            self.times.pop_first();
            self.queue(id);
        }
        let id = self.tenants.next()?;
        let connection = self.connections.get_mut(&id)?;
        connection.place = Place::Running;
        Some(Slice {
            connection: id,
            due: connection.due,
            first: !std::mem::replace(&mut connection.begun, true),
            asked: connection.asked,
        })
    }

    /// Tells that a slice ended. The next run is due at the next time of the schedule: what was missed is not made up for.
    pub fn ended(&mut self, id: ConnectionId, how: Ended, now: Time) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if connection.place != Place::Running {
            return;
        }
        connection.place = Place::Nowhere;
        self.tenants.ended(connection.tenant);
        match how {
            Ended::Slice { .. } if connection.paused => {}
            Ended::Slice { wait: 0 } => self.queue(id),
            Ended::Slice { wait } => self.put_off(id, now + wait, false),
            Ended::Run => self.run_ended(id, now),
        }
    }

    fn run_ended(&mut self, id: ConnectionId, now: Time) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        connection.begun = false;
        connection.asked = std::mem::take(&mut connection.again);
        if connection.asked {
            connection.due = now;
            if !connection.paused {
                self.queue(id);
            }
            return;
        }
        let (schedule, paused) = (connection.schedule, connection.paused);
        // Whoever ran just now, out of its time, need not run again at once.
        let half = schedule.every.unwrap_or(0) / 2;
        let Some(base) = schedule.after(now.max(connection.due + half)) else {
            return;
        };
        let due = base + self.jitter(schedule);
        if !paused {
            self.put_off(id, due, true);
        } else if let Some(connection) = self.connections.get_mut(&id) {
            connection.due = due;
        }
    }

    /// When there may be something to do that nothing but the clock brings about.
    pub fn wakes_at(&self) -> Option<Time> {
        self.times.first().map(|(time, _)| *time)
    }

    /// What a connection is doing; `None`: it is not known.
    pub fn activity(&self, id: ConnectionId) -> Option<Activity> {
        let connection = self.connections.get(&id)?;
        Some(match (connection.place, connection.paused) {
            (Place::Running, _) => Activity::Running,
            (_, true) => Activity::Paused,
            (Place::Queued, _) => Activity::Waiting,
            (Place::Timed(_), _) if connection.begun => Activity::Waiting,
            (Place::Timed(due), _) => Activity::Idle { due: Some(due) },
            (Place::Nowhere, _) => Activity::Idle { due: None },
        })
    }

    /// Slices that run.
    pub fn running(&self) -> usize {
        self.tenants.running()
    }

    /// Connections that are due and wait for others.
    pub fn waiting(&self) -> usize {
        self.tenants.waiting()
    }

    fn jitter(&mut self, schedule: Schedule) -> Time {
        match schedule.jitter {
            0 => 0,
            most => self.random.u64(0..=most),
        }
    }

    /// Into the tree of times; `run`: a run is due then, not just a slice.
    fn put_off(&mut self, id: ConnectionId, time: Time, run: bool) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.place = Place::Timed(time);
            if run {
                connection.due = time;
            }
            self.times.insert((time, id));
        }
    }

    fn queue(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.place = Place::Queued;
            self.tenants.queue(connection.tenant, id);
        }
    }

    /// Out of whatever it waits in.
    fn take_out(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        match connection.place {
            Place::Timed(time) => {
                self.times.remove(&(time, id));
            }
            Place::Queued => self.tenants.take_out(connection.tenant, id),
            Place::Nowhere | Place::Running => return,
        }
        connection.place = Place::Nowhere;
    }
}

#[cfg(test)]
mod tests;
