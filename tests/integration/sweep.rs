use std::collections::BTreeSet;
use std::path::Path;

use host_test::output::{self, Output, OutputTarget};
use host_test::progress::Silent;
use host_test::report::{RunReport, SweepReport};
use host_test::runner::{ConnectedSource, RetryPolicy, RunOptions, Runner, Sweep};

use crate::world::{TIME_SCALE, World, lines, small, text};

async fn sync(world: &World, output: &mut dyn Output, sweep: Sweep) -> RunReport {
    let source = ConnectedSource {
        plugin: &world.connection.plugin,
        tenant: &world.connection.tenant,
    };
    let options = RunOptions {
        sweep,
        retry: RetryPolicy {
            time_scale: TIME_SCALE,
            ..RetryPolicy::default()
        },
        ..RunOptions::default()
    };
    let descriptor = world.connection.plugin.descriptor();
    let runner = Runner::new(&source, descriptor, &options, &Silent);
    let streams = ["contacts".to_owned(), "companies".to_owned()];
    runner
        .run(&streams, output)
        .await
        .expect("the output takes everything")
}

fn live(output: &dyn Output) -> BTreeSet<String> {
    let keys = output.live_keys("contacts").expect("keys");
    keys.expect("an output that knows them")
}

/// Deleted, archived and merged, and no webhook for any of them.
#[tokio::test]
async fn what_went_without_a_webhook_is_found_whatever_the_output() {
    // From this version on Intercom says into which contact a merged one went.
    let world = World::configured(small(), "{ region: us, api_version: \"2.16\" }").await;
    let folder = world.folder.path();
    let files = OutputTarget::JsonLines(folder.join("out"));
    let database = OutputTarget::Sqlite(folder.join("out.db"));
    let sender = world.connection.sender(TIME_SCALE);
    let open =
        |target: &OutputTarget| output::open(target, None::<&Path>, &sender).expect("an output");
    for target in [&files, &database] {
        sync(&world, open(target).as_mut(), Sweep::Never).await;
    }
    world.pass(5);
    let ids: Vec<String> = world.workspace().contact_ids().take(6).collect();
    world
        .workspace()
        .delete_contact(&ids[0])
        .expect("a deletion");
    world
        .workspace()
        .archive_contact(&ids[1])
        .expect("an archiving");
    world.workspace().merge(&ids[2], &ids[3]).expect("a merger");
    for target in [&files, &database] {
        let mut output = open(target);
        sync(&world, output.as_mut(), Sweep::Never).await;
        assert!(live(output.as_ref()).contains(&ids[0]), "{target:?}");
        let report = sync(&world, output.as_mut(), Sweep::Now).await;
        assert!(report.is_complete(), "{report:?}");
        let Some(SweepReport::Done {
            held,
            missed,
            deleted,
        }) = report.streams[0].sweep
        else {
            panic!("no sweep: {report:?}");
        };
        assert_eq!((held, missed, deleted), (700, 3, 3));
        let live = live(output.as_ref());
        assert!(
            !live.contains(&ids[0]) && !live.contains(&ids[2]),
            "{target:?}"
        );
        assert_eq!(live.len() as u64, held - deleted);
        // Nothing that is there was taken for gone.
        let there: BTreeSet<String> = world.workspace().contact_ids().collect();
        assert!(live.is_superset(&there), "{target:?}");
        let companies = report.streams[1].sweep.clone();
        assert!(
            matches!(companies, Some(SweepReport::Done { deleted: 0, .. })),
            "{companies:?}"
        );
    }
    let merged = lines(&folder.join("out/contacts.jsonl"));
    let merged = merged
        .iter()
        .rfind(|line| text(line, "key") == ids[2])
        .expect("a line");
    assert_eq!(text(merged, "successor"), ids[3], "{merged}");
}
