//! `erase`: one contact out of everything that is stored.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use serde_json::json;

use super::status::check_name;
use super::webhook::Place;
use super::{CommandError, print_json, print_line, start_logging};
use crate::carrying;
use crate::command_line::{EraseArguments, Exit, Global};
use crate::erasure::{Erased, Relations, Stores, erase};
use crate::opened_connection::load_component;
use crate::output::OutputTarget;
use crate::platform::PlatformConfig;
use crate::platform::seen::Seen;
use crate::progress::write_line;

/// What stays true of every erasure.
const REMAINS: &str = "what the provider still has comes back with the next sync: delete it there as well. Copies that were \
                       made of these files, and what other systems were given, are not reached";

/// How a database begins.
const DATABASE: &[u8] = b"SQLite format 3\0";

/// Erases, and says what was removed and what was not.
pub(super) async fn run(global: &Global, arguments: &EraseArguments) -> Result<Exit, CommandError> {
    start_logging(global, None)?;
    let plugin = load_component(global.component.as_deref()).await?;
    let relations = Relations::of(plugin.descriptor());
    let mut all = Erased::default();
    let (journals, lines) = also(&arguments.also)?;
    for (connection, mut stores) in stores(arguments)? {
        stores.state.extend(journals.iter().cloned());
        stores.lines.extend(lines.iter().cloned());
        let done = erase(&arguments.contact, &arguments.stream, &relations, &stores);
        let done = done.map_err(|error| match &connection {
            Some(name) => CommandError::failed(format!("{name}: {error}")),
            None => CommandError::failed(error),
        })?;
        all.removed.extend(done.removed);
        all.beyond.extend(done.beyond);
    }
    all.beyond.push(REMAINS.to_owned());
    if global.json {
        let mut document = all.to_json();
        document["ok"] = json!(true);
        print_json(&document)?;
        return Ok(Exit::Success);
    }
    for removed in &all.removed {
        let place = removed.place.display();
        print_line(&format!(
            "✓ {} × {} in {place}",
            removed.count, removed.what
        ))?;
    }
    if all.total() == 0 {
        print_line("– nothing that is stored here names it")?;
    }
    for beyond in &all.beyond {
        write_line(&format!("! {beyond}"));
    }
    Ok(Exit::Success)
}

/// Further files: databases, and files of lines.
fn also(files: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<PathBuf>), CommandError> {
    let (mut journals, mut lines) = (Vec::new(), Vec::new());
    for path in files {
        let failed = |error| CommandError::usage(format!("{}: {error}", path.display()));
        let mut head = Vec::new();
        let file = File::open(path).map_err(failed)?;
        file.take(DATABASE.len() as u64)
            .read_to_end(&mut head)
            .map_err(failed)?;
        match head == DATABASE {
            true => journals.push(path.clone()),
            false => lines.push(path.clone()),
        }
    }
    Ok((journals, lines))
}

/// The stores of the connections that are meant, each with its name.
fn stores(arguments: &EraseArguments) -> Result<Vec<(Option<String>, Stores)>, CommandError> {
    let Some(config) = &arguments.config else {
        let place = Place::of(&arguments.output, None)?;
        if place.output == OutputTarget::Standard {
            return Err(CommandError::usage(
                "say where it is to be erased: --config platform.yaml, or --output as it was read into",
            ));
        }
        let queue = place.queue();
        let stores = Stores {
            state: queue
                .as_deref()
                .map(carrying::journal)
                .into_iter()
                .collect(),
            lines: queue
                .as_deref()
                .map(carrying::lines_beside)
                .into_iter()
                .collect(),
            queue,
            output: place.output,
            folder: None,
        };
        return Ok(vec![(None, stores)]);
    };
    let config = PlatformConfig::load(config).map_err(CommandError::usage)?;
    let seen = Seen::open(config).map_err(CommandError::failed)?;
    let mut names = seen.names_with_folders().map_err(CommandError::failed)?;
    if let Some(name) = &arguments.connection {
        check_name(&names, name)?;
        names.retain(|known| known == name);
    }
    let stores = names.into_iter().map(|name| {
        let stores = seen.stores(&name);
        (Some(name), stores)
    });
    Ok(stores.collect())
}
