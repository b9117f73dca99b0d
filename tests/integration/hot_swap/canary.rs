use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use host_test::call::CallError;
use host_test::components::{Components, Scope, StoredFormats};
use host_test::contract::connector::{Formats, Page, PageRequest};
use host_test::output::{JsonLines, Output, OutputTarget, Sqlite};
use host_test::plugin::Plugin;
use host_test::progress::Silent;
use host_test::report::{READ_ANEW, RunReport, StreamStatus};
use host_test::runner::{ConnectedSource, PageSource, RetryPolicy, RunOptions, Runner};
use host_test::tenant::{Tenant, Usage};

use super::{CONNECTOR, OLD, components, scoped};
use crate::hostile::{Made, tenant};
use host_test::limits::CallLimits;

/// A hundred rows, ten a page.
const ROWS: &str = r#"{"rows":100,"size":10}"#;
/// Reads what the old version wrote, writes another format, and fails at the sixtieth row.
const WORSE: &str = "version=2.0.0;answer=second;reads=1,2;writes=2;fails_from=60";
/// The same without the failure.
const OTHER_FORMAT: &str = "version=3.0.0;answer=third;reads=1,2;writes=2";

async fn read(source: &impl PageSource, plugin: &Plugin, output: &mut dyn Output) -> RunReport {
    read_after(&[], source, plugin, output).await
}

/// After versions were taken back that wrote cursors of these formats.
async fn read_after(
    given_up: &[u8],
    source: &impl PageSource,
    plugin: &Plugin,
    output: &mut dyn Output,
) -> RunReport {
    let options = RunOptions {
        given_up: given_up.iter().copied().collect(),
        retry: RetryPolicy {
            time_scale: 100.0,
            ..RetryPolicy::default()
        },
        ..RunOptions::default()
    };
    let plugin = plugin.renewed();
    let runner = Runner::new(source, plugin.descriptor(), &options, &Silent);
    let report = runner.run(&["rows".to_owned()], output).await;
    report.expect("the output takes everything")
}

fn sqlite(folder: &Path) -> Sqlite {
    Sqlite::open(&folder.join("rows.db")).expect("a database")
}

fn all_keys() -> BTreeSet<String> {
    (0..100).map(|number: u32| number.to_string()).collect()
}

/// Pages before some of which another version is put in place.
struct Swapping<'a> {
    inner: ConnectedSource<'a>,
    components: &'a Components,
    pages: AtomicU32,
    /// Before which page, and what to activate; `None`: go back.
    swaps: &'a [(u32, Option<&'a str>)],
    /// For whom.
    scope: Scope,
}

impl PageSource for Swapping<'_> {
    async fn read_page(&self, request: &PageRequest) -> Result<Page, CallError> {
        let page = self.inner.read_page(request).await;
        let next = self.pages.fetch_add(1, Ordering::SeqCst) + 1;
        for (before, swap) in self.swaps {
            match swap {
                _ if *before != next => {}
                Some(name) => {
                    self.components
                        .activate(&scoped(name, self.scope.clone()))
                        .await
                        .expect("activated");
                }
                None => {
                    self.components
                        .roll_back(CONNECTOR, None)
                        .await
                        .expect("back");
                }
            }
        }
        page
    }

    fn usage(&self) -> Usage {
        self.inner.usage()
    }

    fn cursor_formats(&self) -> Option<Formats> {
        self.inner.cursor_formats()
    }

    fn workspace_id(&self) -> Option<String> {
        None
    }

    fn api_version(&self) -> Option<String> {
        None
    }
}

/// The names of connections that try a version and of others that do not.
async fn names(components: &Components) -> (Vec<String>, Vec<String>) {
    let manifest = components.store().manifest().expect("a manifest");
    let canary = manifest.connectors[CONNECTOR]
        .canary
        .clone()
        .expect("a canary");
    (0..20)
        .map(|number| format!("connection-{number}"))
        .partition(|name| canary.takes(name))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_fails_is_taken_back_and_reading_goes_on_where_the_old_one_can() {
    let (components, folder) = components(&[OLD, WORSE]).await;
    let canary = scoped("2.0.0", Scope::Canary(30));
    components.activate(&canary).await.expect("a canary");
    let (trying, others) = names(&components).await;
    assert!(
        !trying.is_empty() && !others.is_empty(),
        "{trying:?} {others:?}"
    );
    let mut plugins: Vec<Plugin> = Vec::new();
    for name in trying.iter().take(1).chain(others.iter().take(1)) {
        plugins.push(components.plugin(CONNECTOR, name).await.expect("a version"));
    }
    let [tried, other] = &plugins[..] else {
        panic!("there are two");
    };
    assert_eq!(tried.descriptor().version, "2.0.0");
    assert_eq!(other.descriptor().version, "1.0.0");

    let mut output = sqlite(folder.path());
    let tenant: Tenant = tenant(tried, ROWS);
    let good = folder.path().join("good.db");
    let mut good = Sqlite::open(&good).expect("a database");
    let mut runs = 0;
    while components.judge().await.expect("a judgement").is_empty() {
        runs += 1;
        assert!(runs < 20, "nothing was taken back");
        let source = ConnectedSource {
            plugin: tried,
            tenant: &tenant,
        };
        let report = read(&source, tried, &mut output).await;
        assert_eq!(report.streams[0].status.code(), Some("broken"));
        let source = ConnectedSource {
            plugin: other,
            tenant: &tenant,
        };
        let report = read(&source, other, &mut good).await;
        assert_eq!(report.streams[0].status, StreamStatus::Complete);
    }
    assert_eq!(runs, 3, "three failures are enough, and fewer are chance");
    let manifest = components.store().manifest().expect("a manifest");
    let selected = &manifest.connectors[CONNECTOR];
    assert_eq!(selected.canary, None);
    let taken_back = selected.taken_back.as_ref().expect("a reason");
    assert!(
        taken_back.reason.contains("calls failed"),
        "{}",
        taken_back.reason
    );

    // The old version cannot read where the stream stands, and there is no position of its own: it says so and loses nothing.
    let source = ConnectedSource {
        plugin: tried,
        tenant: &tenant,
    };
    assert_eq!(tried.renewed().descriptor().version, "1.0.0");
    let report = read(&source, tried, &mut output).await;
    assert_eq!(report.streams[0].status.code(), Some("unreadable_cursor"));
    assert_eq!(
        output
            .live_keys("rows")
            .expect("keys")
            .expect("known")
            .len(),
        60
    );
    // A server knows which version was taken back: where no other one has read, it begins anew, and says so.
    assert_eq!(components.given_up(CONNECTOR).await, BTreeSet::from([2]));
    let report = read_after(&[7], &source, tried, &mut output).await;
    assert_eq!(report.streams[0].status.code(), Some("unreadable_cursor"));
    let report = read_after(&[7, 2], &source, tried, &mut output).await;
    assert_eq!(report.streams[0].status, StreamStatus::Complete);
    assert_eq!(report.streams[0].notices.count(READ_ANEW), 1);
    assert_eq!(output.live_keys("rows").expect("keys"), Some(all_keys()));
}

/// Two connections, of which the first tries a version while the second has the one before it, read until the first one's is
/// taken back. Gives why.
async fn read_until_taken_back(settings: &str, config: &str, limits: CallLimits) -> String {
    let (components, folder) = components(&[OLD, settings]).await;
    let canary = scoped("2.0.0", Scope::Canary(30));
    components.activate(&canary).await.expect("a canary");
    let (trying, others) = names(&components).await;
    let tried = components
        .plugin(CONNECTOR, &trying[0])
        .await
        .expect("a version");
    let other = components
        .plugin(CONNECTOR, &others[0])
        .await
        .expect("a version");
    let tenant = Made {
        config,
        limits,
        ..Made::default()
    }
    .tenant(&tried);
    let mut runs = 0;
    while components.judge().await.expect("a judgement").is_empty() {
        runs += 1;
        assert!(runs < 20, "nothing was taken back");
        for (name, plugin) in [("tried", &tried), ("other", &other)] {
            let database = folder.path().join(format!("{name}-{runs}.db"));
            let mut output = Sqlite::open(&database).expect("a database");
            let source = ConnectedSource {
                plugin,
                tenant: &tenant,
            };
            let report = read(&source, plugin, &mut output).await;
            let is_complete = report.streams[0].status == StreamStatus::Complete;
            assert!(name == "tried" || is_complete, "{report:?}");
        }
    }
    assert_eq!(tried.renewed().descriptor().version, "1.0.0");
    let manifest = components.store().manifest().expect("a manifest");
    let taken_back = manifest.connectors[CONNECTOR].taken_back.clone();
    taken_back.expect("a reason").reason
}

/// What `describe` does not show: the version is slow, or never ends, where it reads.
#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_is_slow_in_its_pages_is_taken_back() {
    let short = CallLimits {
        // Enough for the version before it, however busy the machine is.
        call_time: std::time::Duration::from_secs(1),
        grace: std::time::Duration::from_millis(500),
        ..CallLimits::default()
    };
    let endless = "version=2.0.0;answer=second;always=endless_loop";
    let reason = read_until_taken_back(endless, ROWS, short).await;
    assert!(
        reason.contains(" calls failed, of the version before it 0 of "),
        "{reason}"
    );

    // It ends in time, and takes a thousand times as long as the version before it.
    let slow = "version=2.0.0;answer=second;always=slow";
    let config = r#"{"rows":100,"size":10,"n":800}"#;
    let reason = read_until_taken_back(slow, config, CallLimits::default()).await;
    assert!(reason.starts_with("a call computes for "), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_is_taken_back_leaves_the_old_version_its_own_position() {
    let (components, folder) = components(&[OLD, WORSE]).await;
    components
        .activate(&scoped("2.0.0", Scope::Canary(30)))
        .await
        .expect("a canary");
    let (trying, _) = names(&components).await;
    components
        .roll_back(CONNECTOR, None)
        .await
        .expect("not yet");
    let plugin = components
        .plugin(CONNECTOR, &trying[0])
        .await
        .expect("a version");
    let tenant = tenant(&plugin, ROWS);
    let source = |swaps| Swapping {
        inner: ConnectedSource {
            plugin: &plugin,
            tenant: &tenant,
        },
        components: &components,
        pages: AtomicU32::new(0),
        swaps,
        scope: Scope::Canary(30),
    };
    // Thirty rows by the old version, thirty by the one that is tried, which then fails.
    let mut output = sqlite(folder.path());
    let report = read(&source(&[(3, Some("2.0.0"))]), &plugin, &mut output).await;
    assert_eq!(report.streams[0].status.code(), Some("broken"));
    let mut runs = 1;
    while components.judge().await.expect("a judgement").is_empty() {
        runs += 1;
        assert!(runs < 20, "nothing was taken back");
        read(&source(&[]), &plugin, &mut output).await;
    }
    let positions = &output.state().streams["rows"].positions;
    assert_eq!(positions.keys().copied().collect::<Vec<u8>>(), [1, 2]);

    // The old version goes on behind its own thirty rows, without anybody's help.
    assert_eq!(plugin.renewed().descriptor().version, "1.0.0");
    let report = read(&source(&[]), &plugin, &mut output).await;
    assert_eq!(report.streams[0].status, StreamStatus::Complete);
    assert_eq!(report.streams[0].records, 70);
    assert_eq!(output.live_keys("rows").expect("keys"), Some(all_keys()));
}

/// Nobody is stopped who wants to go back: what only the other version has read is read anew, and who has it is named.
#[tokio::test(flavor = "multi_thread")]
async fn who_goes_back_by_hand_is_told_what_is_read_anew() {
    let (components, folder) = components(&[OLD, OTHER_FORMAT]).await;
    let plugin = components.plugin(CONNECTOR, "a").await.expect("a version");
    let tenant = tenant(&plugin, ROWS);
    let source = ConnectedSource {
        plugin: &plugin,
        tenant: &tenant,
    };
    for scope in [Scope::Connection("a".to_owned()), Scope::All] {
        let one = match &scope {
            Scope::Connection(name) => Some(name.clone()),
            _ => None,
        };
        let asked = scoped("3.0.0", scope);
        components.activate(&asked).await.expect("3.0.0");
        let name = format!("{}.db", one.as_deref().unwrap_or("all"));
        let mut output = Sqlite::open(&folder.path().join(name)).expect("a database");
        let report = read(&source, &plugin, &mut output).await;
        assert_eq!(report.streams[0].status, StreamStatus::Complete);

        let back = components.roll_back(CONNECTOR, one.as_deref()).await;
        let (now, _) = back.expect("back");
        let now = now.expect("a version");
        assert_eq!(now.version, "1.0.0");
        assert!(
            components
                .store()
                .those_with(&now)
                .expect("a manifest")
                .is("a")
        );
        let mut stored = StoredFormats::default();
        stored.add("a", output.state());
        let told = "it reads anew what only versions have read that were taken back: a (rows)";
        assert_eq!(stored.lost_on(&now), [told]);

        let given_up: Vec<u8> = components.given_up(CONNECTOR).await.into_iter().collect();
        assert_eq!(given_up, [2]);
        let report = read_after(&given_up, &source, &plugin, &mut output).await;
        assert_eq!(report.streams[0].status, StreamStatus::Complete);
        assert_eq!(report.streams[0].notices.count(READ_ANEW), 1);
        assert_eq!(output.live_keys("rows").expect("keys"), Some(all_keys()));
        // From now on it has a position.
        let report = read_after(&given_up, &source, &plugin, &mut output).await;
        assert_eq!(report.streams[0].notices.count(READ_ANEW), 0);
        let mut stored = StoredFormats::default();
        stored.add("a", output.state());
        assert_eq!(stored.lost_on(&now), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_goes_on_while_versions_and_formats_change_under_it() {
    let (components, folder) = components(&[OLD, OTHER_FORMAT]).await;
    let plugin = components.plugin(CONNECTOR, "a").await.expect("a version");
    let tenant = tenant(&plugin, ROWS);
    let swapping = |swaps| Swapping {
        inner: ConnectedSource {
            plugin: &plugin,
            tenant: &tenant,
        },
        components: &components,
        pages: AtomicU32::new(0),
        swaps,
        scope: Scope::All,
    };

    // Three pages in format 1, three in format 2, then back: the old version goes on from its own last position.
    let mut output = sqlite(folder.path());
    let swaps = [(3, Some("3.0.0")), (6, None)];
    let report = read(&swapping(&swaps), &plugin, &mut output).await;
    assert_eq!(report.streams[0].status, StreamStatus::Complete);
    assert_eq!(report.streams[0].retries, 0);
    // Thirty of them came twice, and are there once.
    assert_eq!(report.streams[0].records, 130);
    assert_eq!(output.live_keys("rows").expect("keys"), Some(all_keys()));
    let positions = &output.state().streams["rows"].positions;
    assert_eq!(positions.keys().copied().collect::<Vec<u8>>(), [1, 2]);

    // Forward and forward only: nothing comes twice anywhere.
    let lines = folder.path().join("lines");
    std::fs::create_dir(&lines).expect("a folder");
    let mut output =
        JsonLines::open(&lines, &OutputTarget::state_in_directory(&lines)).expect("an output");
    let report = read(&swapping(&[(4, Some("3.0.0"))]), &plugin, &mut output).await;
    assert_eq!(report.streams[0].status, StreamStatus::Complete);
    let text = std::fs::read_to_string(lines.join("rows.jsonl")).expect("rows");
    assert_eq!(text.lines().count(), 100);
    assert_eq!(text.matches("\"first\"").count(), 40);
    assert_eq!(text.matches("\"third\"").count(), 60);
}
