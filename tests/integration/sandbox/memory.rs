use std::process::Command;

use host_test::engine::Allocation;
use host_test::plugin::Plugin;

use super::greed::short;
use super::page;
use crate::hostile::{self, Made, TOKEN, artifact, engine};

/// The variable that makes this test the only one of its process.
const ALONE: &str = "HOST_MEMORY_TEST_ALONE";
const NAME: &str = "sandbox::memory::the_hosts_memory_comes_back_after_every_deed";

fn turned(text: &str) -> String {
    text.chars().rev().collect()
}

/// What one tenant leaves in its memory, in every place that the pool has, and what others find there.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_tenant_is_in_the_next_ones_memory() {
    for (places, allocation) in [
        (1, Allocation::Automatic),
        (4, Allocation::Automatic),
        (1, Allocation::OnDemand),
    ] {
        let plugin = Plugin::load(&engine(places, allocation), &artifact(""))
            .await
            .expect("it is accepted");
        let planted = "a-planted-secret-of-tenant-a";
        let plant = format!("{{\"do\":\"plant\",\"text\":\"{planted}\",\"n\":8000000}}");
        let search = format!("{{\"do\":\"search\",\"text\":\"{}\"}}", turned(planted));
        let one = Made {
            name: "a",
            config: &plant,
            ..Made::default()
        }
        .tenant(&plugin);
        let other = Made {
            name: "b",
            config: &search,
            ..Made::default()
        }
        .tenant(&plugin);
        for _ in 0..places {
            page(&plugin, &one).await.expect("planted");
        }
        for _ in 0..places + 1 {
            assert_eq!(page(&plugin, &other).await.expect("searched"), "0");
        }
        // The search finds what is there.
        let both = search.replace("\"search\"", "\"plant_and_search\",\"n\":1000");
        let both = Made {
            name: "c",
            config: &both,
            ..Made::default()
        }
        .tenant(&plugin);
        let found: usize = page(&plugin, &both)
            .await
            .expect("searched")
            .parse()
            .expect("a number");
        assert!(found >= 35, "{found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_access_token_is_in_no_memory_while_it_is_used() {
    let plugin = hostile::plugin().await;
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec();
    let url = hostile::server(answer, Vec::new(), 0).await;
    let config = format!(
        "{{\"do\":\"send_and_search\",\"target\":\"/\",\"text\":\"{}\"}}",
        turned(TOKEN)
    );
    let tenant = Made {
        config: &config,
        endpoint: Some(url),
        ..Made::default()
    }
    .tenant(&plugin);
    assert_eq!(page(&plugin, &tenant).await.expect("searched"), "0");
    assert_eq!(tenant.usage().requests, 1);
}

/// In a process of its own: other tests of this one take memory while it looks.
#[tokio::test(flavor = "multi_thread")]
async fn the_hosts_memory_comes_back_after_every_deed() {
    if std::env::var_os(ALONE).is_none() {
        let program = std::env::current_exe().expect("this program");
        let output = Command::new(program)
            .args(["--exact", NAME])
            .env(ALONE, "1")
            .output()
            .expect("this program starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success() && said.contains("1 passed"),
            "{said}"
        );
        return;
    }
    let plugin = hostile::plugin().await;
    let bomb = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
    let bomb = hostile::server(bomb, vec![b'x'; 1 << 20], 1_000).await;
    let silent = hostile::server(Vec::new(), Vec::new(), 0).await;
    let deeds = [
        r#"{"do":"allocate","n":50000000}"#,
        r#"{"do":"allocate","n":1000000000}"#,
        r#"{"do":"grow"}"#,
        r#"{"do":"recursion"}"#,
        r#"{"do":"log_flood","n":1000,"bytes":2000}"#,
        r#"{"rows":1000,"bytes":10000}"#,
        r#"{"do":"panic"}"#,
        r#"{"nonsense":"payload"}"#,
        r#"{"do":"state_keys","n":100000}"#,
        r#"{"do":"state_bytes","n":400}"#,
        r#"{"do":"endless_loop"}"#,
    ];
    let asking = [
        (r#"{"do":"send","target":"/"}"#, &bomb),
        (
            r#"{"do":"send","target":"/","header":"x","value":"y","headers":100000}"#,
            &bomb,
        ),
        (r#"{"do":"send_all","n":200,"target":"/"}"#, &silent),
    ];
    let all = || async {
        let deeds = deeds.map(|config| (config, None));
        let asking = asking.map(|(config, url)| (config, Some(url)));
        for (config, url) in deeds.into_iter().chain(asking) {
            let tenant = Made {
                config,
                endpoint: url.cloned(),
                limits: short(),
                ..Made::default()
            }
            .tenant(&plugin);
            for _ in 0..2 {
                // How each ends, other tests say.
                let _ = page(&plugin, &tenant).await;
            }
        }
    };
    all().await;
    let before = resident();
    for _ in 0..4 {
        all().await;
    }
    let after = resident();
    // The bomb's server is in this process, with its buffers. What a deed leaves behind would be there eight times.
    assert!(
        after < before + (48 << 20),
        "{before} bytes were resident after the first round, {after} after the fifth"
    );
}

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .expect("VmRSS");
    let kilobytes: u64 = line
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .expect("a number");
    kilobytes * 1_024
}
