//! What the sandbox costs: the same calls natively and in the component, taken in turns in one run, so that the ratios
//! hold on a noisy machine.
//!
//! `cargo bench --bench sandbox`

mod sandbox {
    pub mod clock;
    pub mod native;
    pub mod pages;
    pub mod report;
    pub mod sandboxed;
}

use sandbox::{native, pages, report, sandboxed};

/// Rounds of each measurement; medians are reported.
const ROUNDS: usize = 301;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let page = pages::contacts(150);
        let webhook = pages::webhook(4_096);
        let sandbox = sandboxed::Sandbox::new(page.clone()).await?;
        let mut table = report::Table::new();

        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            inside.push(sandbox.instantiate().await?);
        }
        table.row(
            "store + instantiate",
            report::median(&mut inside),
            None,
            Some(10.0),
        );

        inside.clear();
        for _ in 0..ROUNDS {
            outside.push(native::read_page(&page)?);
            inside.push(sandbox.read_page().await?);
        }
        let name = format!("read-page, 150 contacts of {} bytes", page.len() / 150);
        table.row(
            &name,
            report::median(&mut inside),
            Some(report::median(&mut outside)),
            Some(1_600.0),
        );

        (inside, outside) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            outside.push(native::verify_webhook(&webhook)?);
            inside.push(sandbox.verify_webhook(&webhook).await?);
        }
        let name = format!("verify-webhook, {} bytes, fresh instance", webhook.len());
        table.row(
            &name,
            report::median(&mut inside),
            Some(report::median(&mut outside)),
            Some(40.0),
        );

        (inside, outside) = (Vec::new(), Vec::new());
        let documents = pages::documents(150);
        for _ in 0..ROUNDS {
            outside.push(native::map_records(&documents)?);
            inside.push(sandbox.map_records(&documents).await?);
        }
        table.row(
            "map-record, 150 contacts",
            report::median(&mut inside),
            Some(report::median(&mut outside)),
            None,
        );
        table.print()
    })
}
