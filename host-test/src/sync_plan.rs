//! What a sync of a connection reads, and how: taken from its file and from the component.

use std::collections::BTreeMap;

use crate::carrying::look_at_whole_rows;
use crate::connection_file::ConnectionFile;
use crate::dates::{self, DateError};
use crate::opened_connection::OpenedConnection;
use crate::plugin::Plugin;
use crate::runner::{Filter, RetryPolicy, RunOptions, Sweep, find_stream};

/// Why nothing can be planned: the file is at fault.
#[derive(Debug, thiserror::Error)]
pub enum SyncPlanError {
    /// It names streams that the component does not have.
    #[error("{}", .0.join("\n"))]
    UnknownStreams(Vec<String>),
    /// Its start date is none.
    #[error("start_date: {0}")]
    StartDate(DateError),
    /// The workspace's time zone is none.
    #[error(transparent)]
    TimeZone(DateError),
}

/// What a sync reads, and how.
#[derive(Clone, Debug)]
pub struct SyncPlan {
    /// The streams, in their order.
    pub streams: Vec<String>,
    /// How they are read.
    pub options: RunOptions,
}

impl SyncPlan {
    /// The plan of a connection, whose time zone is known when it is checked. `compared`: whether the output has rows to
    /// compare with the provider's.
    pub fn of(
        connection: &OpenedConnection,
        compared: bool,
        retry: RetryPolicy,
    ) -> Result<SyncPlan, SyncPlanError> {
        let file = &connection.file;
        let zone = dates::time_zone(connection.time_zone()).map_err(SyncPlanError::TimeZone)?;
        let since = file.start_date.as_deref();
        let since_ms = since.map(|text| dates::parse(text, &zone)).transpose();
        Ok(SyncPlan {
            streams: streams_of(&connection.plugin, file)?,
            options: RunOptions {
                filters: filters_of(&connection.plugin, file)?,
                whole_rows: look_at_whole_rows(connection.plugin.descriptor(), file),
                asked_by_name: !file.streams.is_empty(),
                sweep: sweep_of(file, compared),
                since_ms: since_ms.map_err(SyncPlanError::StartDate)?,
                retry,
                ..RunOptions::default()
            },
        })
    }
}

/// All names that are no streams, at once.
pub fn check_names(plugin: &Plugin, names: &[String]) -> Result<(), SyncPlanError> {
    let unknown: Vec<String> = names
        .iter()
        .filter_map(|name| find_stream(plugin.descriptor(), name).err())
        .map(|error| error.to_string())
        .collect();
    match unknown.is_empty() {
        true => Ok(()),
        false => Err(SyncPlanError::UnknownStreams(unknown)),
    }
}

/// The streams that a connection names; all that there are when it names none.
pub fn streams_of(plugin: &Plugin, file: &ConnectionFile) -> Result<Vec<String>, SyncPlanError> {
    if !file.lenient_streams {
        check_names(plugin, &file.streams)?;
    }
    if !file.streams.is_empty() {
        return Ok(file.streams.clone());
    }
    let streams = plugin.descriptor().streams.iter();
    Ok(streams.map(|stream| stream.name.clone()).collect())
}

/// When a connection wants rows to be looked for that are gone. `compared`: whether the output has rows to compare.
pub fn sweep_of(file: &ConnectionFile, compared: bool) -> Sweep {
    match file.sweep_every {
        Some(age) if compared => Sweep::Every(age),
        _ => Sweep::Never,
    }
}

/// The filters of a connection, by stream.
pub fn filters_of(
    plugin: &Plugin,
    file: &ConnectionFile,
) -> Result<BTreeMap<String, Filter>, SyncPlanError> {
    let named: Vec<String> = file.filters.keys().cloned().collect();
    check_names(plugin, &named)?;
    let filters = file.filters.iter();
    Ok(filters
        .filter_map(|(stream, fields)| Some((stream.clone(), Filter::new(fields.clone())?)))
        .collect())
}
