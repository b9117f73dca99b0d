//! `sync`: all streams of a connection.

use super::read::{Reading, Selected};
use super::{CommandError, load_connection};
use crate::command_line::{Exit, Global, SyncArguments};
use crate::connection_file::Mode;
use crate::opened_connection::load_component;
use crate::output::OutputTarget;
use crate::runner::Sweep;
use crate::sync_plan::{streams_of, sweep_of};

/// Reads the streams that the connection names; all that there are when it names none.
pub(super) async fn run(global: &Global, arguments: &SyncArguments) -> Result<Exit, CommandError> {
    let file = load_connection(global, &arguments.connection)?;
    if file.mode == Mode::Realtime {
        return Err(CommandError::usage(format!(
            "{}: `mode: realtime` takes changes by webhook only (webhook serve); set it to hybrid or batch, or name streams with `read`",
            file.path.display()
        )));
    }
    let plugin = load_component(global.component.as_deref()).await?;
    let streams = streams_of(&plugin, &file)?;
    // What is printed or posted has no rows of which some could be gone.
    let target = arguments.output.output.as_ref();
    let compared =
        target.is_some_and(OutputTarget::holds_rows) && arguments.reading.until.is_none();
    let sweep = match arguments.sweep {
        true => Sweep::Now,
        false => sweep_of(&file, compared),
    };
    let request = Reading {
        global,
        output: &arguments.output,
        reading: &arguments.reading,
        selected: Selected::default(),
        asked_by_name: !file.streams.is_empty(),
        sweep,
    };
    request.run(plugin, file, &streams).await
}
