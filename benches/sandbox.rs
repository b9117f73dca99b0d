//! What the sandbox costs: the same calls natively and in the component, taken in turns in one run, so that the ratios
//! hold on a noisy machine.
//!
//! `cargo bench --bench sandbox`, or with a part of a name behind `--` for some of them.

mod sandbox {
    pub mod clock;
    pub mod native;
    pub mod pages;
    pub mod report;
    pub mod sandboxed;
    pub mod swap;
}

use sandbox::{native, pages, report, sandboxed, swap};

/// Rounds of each measurement; medians are reported.
const ROUNDS: usize = 301;

fn main() -> anyhow::Result<()> {
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let wants = |name: &str| wanted.as_deref().is_none_or(|wanted| name.contains(wanted));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let page = pages::contacts(150);
        let webhook = pages::webhook(4_096);
        let documents = pages::documents(150);
        let sandbox = sandboxed::Sandbox::new(page.clone()).await?;
        let mut table = report::Table::new();

        // Tells how fast the machine is: the budgets were set where this takes 2,500 µs.
        let mut yardstick = Vec::new();
        for _ in 0..ROUNDS / 10 {
            yardstick.push(native::tree(&page)?);
        }
        table.row("yardstick: the page as a tree", None, &mut yardstick, None);

        let name = "swap: until calls take the other version";
        if wants(name) {
            let swapping = swap::Swapping::new().await?;
            let mut inside = Vec::new();
            for _ in 0..ROUNDS / 3 {
                inside.push(swapping.swap().await?);
            }
            table.row(name, Some(&mut inside), &mut [], Some(5_000.0));
        }
        let name = "describe";
        if wants(name) {
            let mut inside = Vec::new();
            for _ in 0..ROUNDS {
                inside.push(sandbox.describe().await?);
            }
            table.row(name, Some(&mut inside), &mut [], Some(250.0));
        }
        let name = "store + instantiate";
        if wants(name) {
            let mut inside = Vec::new();
            for _ in 0..ROUNDS {
                inside.push(sandbox.instantiate().await?);
            }
            table.row(name, Some(&mut inside), &mut [], Some(10.0));
        }
        let name = format!("read-page, 150 contacts of {} bytes", page.len() / 150);
        if wants(&name) {
            let (mut inside, mut outside) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                outside.push(native::read_page(&page)?);
                inside.push(sandbox.read_page().await?);
            }
            table.row(&name, Some(&mut inside), &mut outside, Some(1_600.0));
        }
        let name = format!("verify-webhook, {} bytes", webhook.len());
        if wants(&name) {
            let (mut inside, mut outside) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                outside.push(native::verify_webhook(&webhook, None, 0)?);
                inside.push(sandbox.verify_webhook(&webhook, 0).await?);
            }
            table.row(&name, Some(&mut inside), &mut outside, Some(40.0));
        }
        let name = format!("verify-webhook, {} bytes, forged", webhook.len());
        if wants(&name) {
            let mut inside = Vec::new();
            for _ in 0..ROUNDS {
                inside.push(sandbox.reject_webhook(&webhook).await?);
            }
            table.row(&name, Some(&mut inside), &mut [], Some(40.0));
        }
        let reply = pages::reply();
        let prepared = [
            ("one fires", native::prepared_plain_triggers()?, 1, 66.0),
            ("four do", native::prepared_triggers()?, 4, 170.0),
        ];
        for (fires, prepared, fire, budget) in prepared {
            let name = format!(
                "verify, map, 100 triggers of which {fires}, {} bytes",
                reply.len()
            );
            if !wants(&name) {
                continue;
            }
            let triggers = sandbox.with_prepared(prepared.clone());
            let (mut inside, mut outside) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                let prepared = Some(prepared.clone());
                outside.push(native::verify_webhook(&reply, prepared, fire)?);
                inside.push(triggers.verify_webhook(&reply, fire).await?);
            }
            table.row(&name, Some(&mut inside), &mut outside, Some(budget));
        }
        let name = "map-record, 150 contacts";
        if wants(name) {
            let (mut inside, mut outside) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                outside.push(native::map_records(&documents, None)?);
                inside.push(sandbox.map_records(&documents).await?);
            }
            table.row(name, Some(&mut inside), &mut outside, None);
        }
        let name = "map-record, 150 contacts for Brevo";
        if wants(name) {
            let prepared = native::prepared()?;
            let mapping = sandbox.with_prepared(prepared.clone());
            let (mut inside, mut outside) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                outside.push(native::map_records(&documents, Some(prepared.clone()))?);
                inside.push(mapping.map_records(&documents).await?);
            }
            table.row(name, Some(&mut inside), &mut outside, Some(1_500.0));
        }
        let name = "map-record, 1 contact for Brevo";
        if wants(name) {
            let prepared = native::prepared()?;
            let mapping = sandbox.with_prepared(prepared.clone());
            let (mut inside, mut outside) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                outside.push(native::map_records(
                    &documents[..1],
                    Some(prepared.clone()),
                )?);
                inside.push(mapping.map_records(&documents[..1]).await?);
            }
            table.row(name, Some(&mut inside), &mut outside, Some(60.0));
        }
        table.print();
        Ok(())
    })
}
