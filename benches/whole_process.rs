//! What a whole process costs the host: streams from the simulator, which runs in a process of its own, into JSON-lines
//! files. Processor time, peak memory and duration of the host's process, with a warm cache of compiled components; and the
//! processor time against a process that reads the same natively, run by run.
//!
//! `cargo bench --bench whole_process`, or with a part of a name behind `--` for some of the cases.

#[path = "release/host.rs"]
mod release;
mod whole_process {
    pub mod cases;
    pub mod native;
    pub mod process;
    pub mod writes;
}

use anyhow::ensure;
use comfy_table::Table;
use whole_process::cases::{CASES, Case, Cost};
use whole_process::{native, process, writes};

fn main() -> anyhow::Result<()> {
    if native::was_asked_for()? {
        return Ok(());
    }
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let host = release::build()?;
    let mut table = Table::new();
    table.set_header([
        "case",
        "processor time",
        "of native",
        "a row",
        "peak memory",
        "duration",
    ]);
    let mut over = Vec::new();
    for case in CASES {
        if wanted
            .as_deref()
            .is_some_and(|wanted| !case.name.contains(wanted))
        {
            continue;
        }
        let (cost, ratio) = median(case, &host)?;
        let rows: u64 = case.rows.iter().map(|(_, rows)| rows.number()).sum();
        table.add_row([
            case.name.to_owned(),
            against(cost.seconds, case.seconds, "s"),
            ratio.map_or_else(String::new, |ratio| format!("× {ratio:.2}")),
            format!("{:.1} µs", cost.seconds * 1e6 / rows.max(1) as f64),
            against(cost.megabytes, case.megabytes, "MB"),
            against(cost.duration, case.duration, "s"),
        ]);
        if case.is_exceeded(&cost) {
            over.push(case.name);
        }
    }
    println!("{table}");
    over.extend(writes::run(&host, wanted.as_deref())?);
    ensure!(over.is_empty(), "over budget: {}", over.join(", "));
    Ok(())
}

/// The median of each figure, and of the processor time's ratio to a native run beside it. The first run builds and compiles
/// the component and is not counted.
fn median(case: &Case, host: &std::path::Path) -> anyhow::Result<(Cost, Option<f64>)> {
    let simulator = process::Simulator::start(host, case.simulator)?;
    let mut costs = Vec::new();
    let mut ratios = Vec::new();
    for run in 0..=case.runs {
        let cost = simulator.run(host, case)?;
        if run > 0 {
            if let Some(native) = simulator.run_natively(case)? {
                ratios.push(cost.seconds / native.seconds);
            }
            costs.push(cost);
        }
    }
    ratios.sort_by(f64::total_cmp);
    let middle = |figure: fn(&Cost) -> f64| {
        let mut figures: Vec<f64> = costs.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    let cost = Cost {
        seconds: middle(|cost| cost.seconds),
        megabytes: middle(|cost| cost.megabytes),
        duration: middle(|cost| cost.duration),
    };
    Ok((cost, ratios.get(ratios.len() / 2).copied()))
}

fn against(figure: f64, budget: Option<f64>, unit: &str) -> String {
    match budget {
        Some(budget) => format!("{figure:.2} {unit} (budget {budget})"),
        None => format!("{figure:.2} {unit}"),
    }
}
