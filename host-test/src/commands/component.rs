//! `component`: versions are added, shown, activated and taken back. A server that runs with the same folder follows within a
//! second.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::{CommandError, print_json, print_line, read_bytes, start_logging};
use crate::artifact::find_or_build;
use crate::command_line::{
    CallbacksCommand, Command, ComponentActivateArguments, ComponentAddArguments, ComponentCommand,
    ComponentRollbackArguments, CreateIntentArguments, Exit, Global, IntentsCommand,
    TriggersCommand, WebhookCommand, connection_name,
};
use crate::compiled_cache::sha256_of;
use crate::components::{
    Activation, Components, ComponentsError, Manifest, Scope, Selected, Store, StoreError,
    StoredVersion,
};
use crate::connection_file::ConnectionFile;
use crate::engine::{Engine, EngineOptions};
use crate::platform::folder::Folder;
use crate::platform::{ComponentSlot, stored_formats_of_folders};
use crate::plugin::Plugin;
use crate::progress::write_line;
use crate::report::{bytes, table};
use crate::user_directory::data_directory;

/// The variable that names the folder.
const DIRECTORY_VARIABLE: &str = "HOST_TEST_COMPONENTS";

/// Does what is asked for.
pub(super) async fn run(global: &Global, command: &ComponentCommand) -> Result<Exit, CommandError> {
    start_logging(global, None)?;
    let store = Store::new(directory(global));
    match command {
        ComponentCommand::Add(arguments) => add(global, store, arguments).await,
        ComponentCommand::List => list(global, &store),
        ComponentCommand::Activate(arguments) => activate(global, store, arguments).await,
        ComponentCommand::Rollback(arguments) => roll_back(global, &store, arguments),
    }
}

/// The folder of versions: of the command line, of the environment, or the user's.
pub(crate) fn directory(global: &Global) -> PathBuf {
    let set = || std::env::var_os(DIRECTORY_VARIABLE).filter(|value| !value.is_empty());
    let given = global
        .components
        .clone()
        .or_else(|| set().map(PathBuf::from));
    given.unwrap_or_else(|| data_directory().join("components"))
}

/// The versions that a server runs and follows. A component that the command line or the environment names runs where nothing is
/// active; then versions are kept in the server's own folder, unless a folder is named as well.
pub(super) async fn serving(global: &Global, data: &Path) -> Result<ComponentSlot, CommandError> {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let file = global.component.is_some() || is_set(crate::artifact::FILE_VARIABLE);
    let folder = global.components.is_some() || is_set(DIRECTORY_VARIABLE);
    let store = Store::new(match file && !folder {
        true => data.join("components"),
        false => directory(global),
    });
    let engine = Engine::new(EngineOptions::default()).map_err(CommandError::failed)?;
    let manifest = store.manifest()?;
    let mut connectors = manifest.connectors.iter();
    let active = connectors.find(|(_, selected)| selected.all.active.is_some());
    let named = || find_or_build(global.component.as_deref()).map_err(CommandError::failed);
    let (connector, fallback) = match active {
        Some((connector, _)) => {
            if file
                && let Some(version) = manifest.active(connector, "")
                && version.sha256 != sha256_of(&named()?)
            {
                write_line(&format!(
                    "! {} is active in {}, and runs instead of the component that the command line or {} names",
                    version.title(),
                    store.directory().display(),
                    crate::artifact::FILE_VARIABLE
                ));
            }
            (connector.clone(), None)
        }
        None => {
            let bytes = named()?;
            let plugin = Plugin::load(&engine, &bytes).await;
            let plugin = plugin.map_err(CommandError::failed)?;
            // In a store of its own it is a version as any other: one can go back to it, and compare another one with it.
            if file && !folder {
                let kept = store.add(&bytes, &plugin);
                if let Err(error) = kept.and_then(|version| store.give(&version)) {
                    tracing::warn!("nobody can go back to the component that is named: {error}");
                }
            }
            (plugin.descriptor().name.clone(), Some(plugin))
        }
    };
    let components = Arc::new(Components::new(engine, store, fallback));
    Ok(ComponentSlot::following(components, &connector).await?)
}

/// Where `webhook serve` takes the component of each of its connections from.
pub(super) enum Serving {
    /// A component that somebody named.
    Named(Plugin),
    /// The version that is active for the connection, at any time.
    Followed(Arc<Components>),
}

impl Serving {
    /// What the command line and the environment say; where neither names a component, what is activated is followed from
    /// now on, whoever activates it.
    pub(super) async fn of(
        global: &Global,
        files: &[(String, ConnectionFile)],
    ) -> Result<Serving, CommandError> {
        let load = async |engine: &Engine| -> Result<Plugin, CommandError> {
            let bytes = find_or_build(global.component.as_deref()).map_err(CommandError::failed)?;
            let plugin = Plugin::load(engine, &bytes).await;
            plugin.map_err(CommandError::failed)
        };
        let engine = Engine::new(EngineOptions::default()).map_err(CommandError::failed)?;
        if names_component(global) {
            return Ok(Serving::Named(load(&engine).await?));
        }
        let store = Store::new(directory(global));
        let manifest = store.manifest()?;
        let mut active = files
            .iter()
            .map(|(name, file)| manifest.active(&file.connector, name));
        // Whoever names a store wants what is in it.
        let fallback = match global.components.is_none() && active.any(|found| found.is_none()) {
            true => Some(load(&engine).await?),
            false => None,
        };
        let components = Arc::new(Components::new(engine, store, fallback));
        components.watch();
        Ok(Serving::Followed(components))
    }

    /// The versions that are followed; absent: a component was named.
    pub(super) fn followed(&self) -> Option<Arc<Components>> {
        match self {
            Serving::Named(_) => None,
            Serving::Followed(components) => Some(Arc::clone(components)),
        }
    }

    /// The component for a connection.
    pub(super) async fn plugin(
        &self,
        file: &ConnectionFile,
        name: &str,
    ) -> Result<Plugin, CommandError> {
        match self {
            Serving::Named(plugin) => Ok(plugin.clone()),
            Serving::Followed(components) => Ok(components.plugin(&file.connector, name).await?),
        }
    }
}

/// Whether the command line or the environment names a component that is run whatever is active.
fn names_component(global: &Global) -> bool {
    let in_environment =
        std::env::var_os(crate::artifact::FILE_VARIABLE).is_some_and(|value| !value.is_empty());
    global.component.is_some() || (in_environment && global.components.is_none())
}

/// Which component a command runs that does not follow: where neither the command line nor the environment names a file, the
/// version that is active for its connection, if there is one.
pub(super) fn choose(global: &mut Global, command: &Command) -> Result<(), CommandError> {
    let runs_none = matches!(
        command,
        Command::Component(_)
            | Command::Serve(_)
            | Command::Simulate(_)
            | Command::Status(_)
            | Command::Webhook(WebhookCommand::Serve(_))
    );
    if runs_none || names_component(global) {
        return Ok(());
    }
    let store = Store::new(directory(global));
    let manifest = store.manifest()?;
    let connection = connection_of(command).and_then(Path::to_str);
    let connection = connection.map(connection_name).transpose();
    let connection = connection.ok().flatten().unwrap_or_default();
    let mut active = manifest.connectors.keys().filter_map(|connector| {
        let version = manifest.active(connector, &connection)?;
        Some(version.sha256.clone())
    });
    let found = active.next();
    if active.next().is_some() {
        return Err(CommandError::usage(format!(
            "versions of several connectors are active in {}; name the component with --component FILE",
            store.directory().display()
        )));
    }
    match found {
        Some(sha256) => {
            // What was added is what is run.
            store.bytes(&sha256)?;
            let selected = manifest.connectors.values();
            global.given_up = selected
                .flat_map(|selected| &selected.given_up)
                .copied()
                .collect();
            global.component = Some(store.file(&sha256));
            Ok(())
        }
        None if global.components.is_some() => Err(CommandError::usage(format!(
            "no version is active in {}; add one with `host-test component add FILE` and activate it",
            store.directory().display()
        ))),
        None => Ok(()),
    }
}

/// The one connection that a command is about.
fn connection_of(command: &Command) -> Option<&Path> {
    match command {
        Command::Auth(arguments) => Some(&arguments.connection),
        Command::Check(arguments) => Some(&arguments.connection),
        Command::Read(arguments) => Some(&arguments.connection),
        Command::Sync(arguments) => Some(&arguments.connection),
        Command::Write(arguments) => Some(&arguments.connection),
        Command::Map(arguments) => Some(&arguments.connection),
        Command::Webhook(WebhookCommand::Verify(arguments)) => Some(&arguments.connection),
        Command::Intents(IntentsCommand::Create(CreateIntentArguments { connected, .. }))
        | Command::Intents(IntentsCommand::Run(connected))
        | Command::Triggers(TriggersCommand::Run(connected))
        | Command::Callbacks(CallbacksCommand::Run(connected)) => connected.connection.as_deref(),
        _ => None,
    }
}

async fn add(
    global: &Global,
    store: Store,
    arguments: &ComponentAddArguments,
) -> Result<Exit, CommandError> {
    let component = read_bytes(&arguments.file)?;
    let place = store.directory().display().to_string();
    let components = components(store)?;
    let added = components
        .add(&component, &arguments.file.display().to_string())
        .await?;
    if global.json {
        print_json(&version_json(&added))?;
    } else {
        print_line(&format!(
            "{} is kept in {place}\nit asks for:\n  {}\nactivate it with `host-test component activate {}`",
            added.title(),
            added.asks.iter().cloned().collect::<Vec<_>>().join("\n  "),
            added.version
        ))?;
    }
    Ok(Exit::Success)
}

async fn activate(
    global: &Global,
    store: Store,
    arguments: &ComponentActivateArguments,
) -> Result<Exit, CommandError> {
    let scope = match (&arguments.connection, arguments.canary) {
        (Some(connection), _) => Scope::Connection(connection.clone()),
        (None, Some(percent)) => Scope::Canary(percent),
        (None, None) => Scope::All,
    };
    let mut asked = Activation {
        version: arguments.version.clone(),
        scope: scope.clone(),
        consent: arguments.consent,
        ..Activation::default()
    };
    asked.connections = connections_of_folders(&store.manifest()?.platforms);
    let meant = store.those_meant(&asked)?;
    if let Scope::Connection(name) = &scope
        && !meant.platforms.is_empty()
        && !meant
            .platforms
            .iter()
            .any(|data| Folder::of(data, name).path().is_dir())
    {
        // It may be one that comes later, or one of `webhook serve`.
        write_line(&format!(
            "! no platform that follows these versions has run a connection {name} yet"
        ));
    }
    asked.stored = stored_formats_of_folders(&meant);
    let (version, _) = components(store)?.activate(&asked).await?;
    let whom = match scope {
        Scope::All => "all connections".to_owned(),
        Scope::Connection(connection) => connection,
        Scope::Canary(percent) => format!("{percent} % of the connections, to try it"),
    };
    said(global, Some(&version), &whom, &[])
}

/// The connections of platforms, as their folders tell.
fn connections_of_folders(platforms: &BTreeSet<PathBuf>) -> BTreeSet<String> {
    let folders = platforms.iter().map(|data| Folder::all(data));
    let entries = folders.filter_map(|folder| std::fs::read_dir(folder).ok());
    let entries = entries.flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

fn roll_back(
    global: &Global,
    store: &Store,
    arguments: &ComponentRollbackArguments,
) -> Result<Exit, CommandError> {
    let manifest = store.manifest()?;
    let mut connectors = manifest.connectors.keys();
    let connector = match (&arguments.connector, connectors.next(), connectors.next()) {
        (Some(named), _, _) => named.clone(),
        (None, Some(only), None) => only.clone(),
        (None, None, _) => return Err(CommandError::usage("no version was activated yet")),
        (None, _, Some(_)) => {
            return Err(CommandError::usage(
                "the store holds several connectors; name one with --connector",
            ));
        }
    };
    let connection = arguments.connection.as_deref();
    let now = store.roll_back(&connector, connection)?;
    let lost = match &now {
        Some(version) => stored_formats_of_folders(&store.those_with(version)?).lost_on(version),
        None => Vec::new(),
    };
    let whom = connection.unwrap_or("all connections");
    said(global, now.as_ref(), whom, &lost)
}

/// Says what is active now.
fn said(
    global: &Global,
    version: Option<&StoredVersion>,
    whom: &str,
    lost: &[String],
) -> Result<Exit, CommandError> {
    if global.json {
        print_json(&json!({"active": version.map(version_json), "for": whom, "lost": lost}))?;
    } else {
        let title = version.map_or_else(|| "no version".to_owned(), StoredVersion::title);
        print_line(&format!("{title} is active for {whom}"))?;
        for sentence in lost {
            print_line(&format!("! {sentence}"))?;
        }
    }
    Ok(Exit::Success)
}

fn list(global: &Global, store: &Store) -> Result<Exit, CommandError> {
    let manifest = store.manifest()?;
    if global.json {
        let versions: Vec<Value> = manifest.versions.iter().map(version_json).collect();
        print_json(&json!({
            "directory": store.directory(),
            "versions": versions,
            "connectors": manifest.connectors,
        }))?;
    } else {
        print_line(&to_text(store, &manifest))?;
    }
    Ok(Exit::Success)
}

fn to_text(store: &Store, manifest: &Manifest) -> String {
    if manifest.versions.is_empty() {
        return format!("{} holds no version", store.directory().display());
    }
    let mut text = table(
        [
            "connector",
            "version",
            "sha256",
            "size",
            "added",
            "active for",
        ],
        manifest.versions.iter().map(|version| {
            let selected = manifest.connectors.get(&version.name);
            let active =
                selected.map_or_else(String::new, |selected| used_by(selected, &version.sha256));
            let added = jiff::Timestamp::from_millisecond(version.added_at_ms);
            [
                version.name.clone(),
                version.version.clone(),
                version.sha256.get(..12).unwrap_or_default().to_owned(),
                bytes(version.bytes),
                added.map_or_else(|_| String::new(), |added| format!("{added:.0}")),
                active,
            ]
        }),
        usize::MAX,
    );
    for (connector, selected) in &manifest.connectors {
        if let Some(taken_back) = &selected.taken_back {
            let digits = taken_back.sha256.get(..12).unwrap_or_default();
            text.push_str(&format!(
                "\n{connector}: {digits} was taken back: {}",
                taken_back.reason
            ));
        }
    }
    text
}

/// For whom a version is active, and who could go back to it.
fn used_by(selected: &Selected, sha256: &str) -> String {
    let is = |found: &Option<String>| found.as_deref() == Some(sha256);
    let mut uses = Vec::new();
    if is(&selected.all.active) {
        uses.push("all".to_owned());
    }
    if is(&selected.given) {
        uses.push("all (given at the start)".to_owned());
    }
    if is(&selected.all.previous) {
        uses.push("(before)".to_owned());
    }
    if let Some(canary) = &selected.canary
        && canary.sha256 == sha256
    {
        uses.push(format!("canary {} %", canary.percent));
    }
    for (connection, own) in &selected.connections {
        if is(&own.active) {
            uses.push(connection.clone());
        }
    }
    uses.join(", ")
}

fn version_json(version: &StoredVersion) -> Value {
    json!(version)
}

fn components(store: Store) -> Result<Components, CommandError> {
    let engine = Engine::new(EngineOptions::default()).map_err(CommandError::failed)?;
    Ok(Components::new(engine, store, None))
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> CommandError {
        match error {
            StoreError::UnknownVersion { .. }
            | StoreError::Ambiguous { .. }
            | StoreError::NothingBefore { .. }
            | StoreError::NothingToCompare
            | StoreError::SameAsActive(_) => CommandError::usage(error),
            StoreError::Files { .. }
            | StoreError::Manifest { .. }
            | StoreError::Damaged { .. }
            | StoreError::Refused { .. } => CommandError::failed(error),
        }
    }
}

impl From<ComponentsError> for CommandError {
    fn from(error: ComponentsError) -> CommandError {
        match error {
            ComponentsError::Store(error) => error.into(),
            ComponentsError::Load { .. } => CommandError::failed(error),
            ComponentsError::NoneActive { .. } => CommandError::usage(error),
        }
    }
}
