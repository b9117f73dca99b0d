//! `map`: raw documents of a stream on standard input, entries on standard output.

mod documents;

use serde_json::Value;

use self::documents::Documents;

use super::{CommandError, load_connection};
use crate::attachments::Attachments;
use crate::command_line::{Exit, Global, MapArguments};
use crate::connection_file::ConnectionFile;
use crate::contract::types::Entry;
use crate::opened_connection::{OpenedConnection, load_component};
use crate::output::LineWriter;
use crate::progress::write_line;
use crate::sync_plan::check_names;

/// Documents in one call.
const BATCH: usize = 200;

fn attachments_of(file: &ConnectionFile) -> Result<Attachments, CommandError> {
    let attachments = Attachments::of(file).map_err(CommandError::failed)?;
    attachments.ok_or_else(|| {
        CommandError::usage(format!(
            "{}: `attachments` does not say where copies go; add `attachments: {{ copy_to: DIRECTORY }}`",
            file.path.display()
        ))
    })
}

/// Maps documents.
pub(super) async fn run(global: &Global, arguments: &MapArguments) -> Result<Exit, CommandError> {
    let mut file = load_connection(global, &arguments.connection)?;
    if let Some(path) = &arguments.mapping {
        file.field_mapping = Some(ConnectionFile::load_mapping(path)?);
    }
    if arguments.explain {
        let Some(mapping) = &mut file.field_mapping else {
            return Err(CommandError::failed(
                "there is no mapping to explain: the connection has none, and --mapping names none",
            ));
        };
        mapping
            .fields
            .insert("explain".to_owned(), Value::Bool(true));
    }
    let plugin = load_component(global.component.as_deref()).await?;
    check_names(&plugin, std::slice::from_ref(&arguments.stream))?;
    let connection = OpenedConnection::new(plugin, file, None)?;
    let attachments = match arguments.attachments {
        true => Some(attachments_of(&connection.file)?),
        false => None,
    };
    let mut out = LineWriter::new(Box::new(std::io::stdout()));
    let mut input = Documents::new(std::io::stdin().lock());
    let (mut mapped, mut failed) = (0_u64, 0_u64);
    loop {
        let mut numbers = Vec::with_capacity(BATCH);
        let mut documents = Vec::with_capacity(BATCH);
        while documents.len() < BATCH {
            let next = input.next();
            let next =
                next.map_err(|error| CommandError::failed(format!("standard input: {error}")))?;
            let Some((number, document)) = next else {
                break;
            };
            numbers.push(number);
            documents.push(document);
        }
        if documents.is_empty() {
            break;
        }
        let results = connection
            .plugin
            .map_record(&connection.tenant, &arguments.stream, &documents)
            .await?;
        let mut entries: Vec<Entry> = Vec::with_capacity(results.len());
        for (result, number) in results.into_iter().zip(numbers) {
            match result {
                Ok(mut entry) => {
                    if let Some(attachments) = &attachments
                        && let Ok(record) = serde_json::from_slice(&entry.payload)
                    {
                        let record = attachments.copy(record).await;
                        entry.payload = record.to_string().into_bytes();
                    }
                    entries.push(entry);
                }
                Err(failure) => {
                    failed += 1;
                    let error = crate::call::CallError::Failure(failure);
                    write_line(&format!("line {number}: {error}"));
                }
            }
        }
        mapped += entries.len() as u64;
        out.entries(&entries)?;
    }
    Ok(match (mapped, failed) {
        (_, 0) => Exit::Success,
        (0, _) => Exit::Failure,
        _ => Exit::Partial,
    })
}
