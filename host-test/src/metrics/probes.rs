//! What nobody counts: looked at when somebody asks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::families::{Labels, all};
use super::process;
use crate::clock::now_ms;

/// What can be looked at. The order is the one of [`LOOKED_AT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Looked {
    RateRemaining,
    RateLimit,
    StreamLag,
    Webhooks,
    WebhooksWaiting,
    LastWebhook,
    ControlRefusals,
    InstancesRunning,
    InstancesLimit,
    GuestSeconds,
    GuestMemoryPeak,
    Component,
    ResidentMemory,
    VirtualMemory,
    ProcessorSeconds,
    ProcessStart,
}

/// Names (Prometheus's format puts `_total` behind counters), what they are, and of which type.
const LOOKED_AT: &[(&str, &str, MetricType)] = &[
    (
        "connector_rate_budget_remaining",
        "Requests that the workspace's rate budget has left in its window",
        MetricType::Gauge,
    ),
    (
        "connector_rate_budget_limit",
        "Requests in a window of the workspace's rate budget",
        MetricType::Gauge,
    ),
    (
        "connector_stream_lag_seconds",
        "Time since the beginning of a stream's last complete reading: what changed before was read",
        MetricType::Gauge,
    ),
    (
        "connector_webhooks",
        "Webhook deliveries, by what became of them (no connection: they were for nobody)",
        MetricType::Counter,
    ),
    (
        "connector_webhooks_waiting",
        "Webhook deliveries that the output does not have yet",
        MetricType::Gauge,
    ),
    (
        "connector_last_webhook_timestamp_seconds",
        "When the last genuine webhook came",
        MetricType::Gauge,
    ),
    (
        "connector_control_refusals",
        "Attempts at the control API and the status page without the token",
        MetricType::Counter,
    ),
    (
        "connector_instances_running",
        "Instances of the component that are in a call",
        MetricType::Gauge,
    ),
    (
        "connector_instances_limit",
        "Instances of the component that can be in a call at the same time",
        MetricType::Gauge,
    ),
    (
        "connector_guest_seconds",
        "Time in which the component itself worked",
        MetricType::Counter,
    ),
    (
        "connector_guest_memory_peak_bytes",
        "The most linear memory that one call had",
        MetricType::Gauge,
    ),
    (
        "connector_component_info",
        "The component that is loaded, by name and version",
        MetricType::Gauge,
    ),
    (
        "process_resident_memory_bytes",
        "Resident memory size in bytes",
        MetricType::Gauge,
    ),
    (
        "process_virtual_memory_bytes",
        "Virtual memory size in bytes",
        MetricType::Gauge,
    ),
    (
        "process_cpu_seconds",
        "Total user and system CPU time spent in seconds",
        MetricType::Counter,
    ),
    (
        "process_start_time_seconds",
        "Start time of the process since unix epoch in seconds",
        MetricType::Gauge,
    ),
];

/// What was seen. Two that look at the same (a connection that is opened anew while the old one still works) make one series.
#[derive(Default)]
pub(crate) struct Readings(BTreeMap<(Looked, Labels), f64>);

impl Readings {
    /// What is so, whoever said something else before.
    pub(crate) fn set(&mut self, what: Looked, labels: &[(&'static str, &str)], value: f64) {
        self.0.insert((what, owned(labels)), value);
    }

    /// What is so where nobody has said anything.
    pub(crate) fn set_unless_known(
        &mut self,
        what: Looked,
        labels: &[(&'static str, &str)],
        value: f64,
    ) {
        self.0.entry((what, owned(labels))).or_insert(value);
    }

    /// A part of a sum.
    pub(crate) fn add(&mut self, what: Looked, labels: &[(&'static str, &str)], value: f64) {
        *self.0.entry((what, owned(labels))).or_default() += value;
    }
}

fn owned(labels: &[(&'static str, &str)]) -> Labels {
    let labels = labels.iter();
    labels
        .map(|(name, text)| (*name, (*text).to_owned()))
        .collect()
}

type Probe = Box<dyn Fn(&mut Readings) -> bool + Send + Sync>;

/// Those who look.
#[derive(Default)]
pub(super) struct Probes {
    probes: Mutex<Vec<Probe>>,
}

/// Looks whenever somebody asks, until the answer is false: what there was to be seen is gone.
pub(crate) fn watch(probe: impl Fn(&mut Readings) -> bool + Send + Sync + 'static) {
    let probes = all().probes.probes.lock();
    probes
        .unwrap_or_else(PoisonError::into_inner)
        .push(Box::new(probe));
}

impl Probes {
    fn look(&self) -> Readings {
        let mut readings = Readings::default();
        process::look(&mut readings);
        let connections: Vec<_> = all().connections().values().cloned().collect();
        for connection in connections {
            connection.look(&mut readings, now_ms());
        }
        let mut probes = self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        probes.retain(|probe| probe(&mut readings));
        readings
    }
}

impl fmt::Debug for Probes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Probes")
    }
}

impl Collector for Probes {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut readings = self.look().0.into_iter().peekable();
        while let Some(((what, _), _)) = readings.peek() {
            let what = *what;
            let (name, help, kind) = LOOKED_AT[what as usize];
            // Behind the help of counters a full stop is put by the registry; here it is not.
            let mut family = encoder.encode_descriptor(name, &format!("{help}."), None, kind)?;
            while let Some(((_, labels), value)) = readings.next_if(|((next, _), _)| *next == what)
            {
                match kind {
                    MetricType::Counter => {
                        ConstCounter::new(value).encode(family.encode_family(&labels)?)?;
                    }
                    _ => ConstGauge::new(value).encode(family.encode_family(&labels)?)?,
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_row_for_each() {
        assert_eq!(Looked::ProcessStart as usize + 1, LOOKED_AT.len());
    }
}
