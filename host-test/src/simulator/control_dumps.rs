//! What the control door shows of the data: ids and times of change, page by page.

use serde_json::{Value, json};

use super::generator::Generator;
use super::identifiers::{self, Kind};
use super::ordered::OrderedView;
use super::ordered_search::Searchable;
use super::workspace::Workspace;

/// How many rows a dump has unless the query says otherwise.
const DUMP: usize = 1_000;

/// Where a dump goes on and how long it is, from `after` (an id) and `limit`.
fn window(
    query: &[(String, String)],
    decode: impl Fn(&str) -> Option<u64>,
) -> Result<(u64, usize), String> {
    let value = |name: &str| {
        query
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    };
    let start = match value("after") {
        None | Some("") => 0,
        Some(id) => decode(id)
            .ok_or_else(|| format!("`{id}` is not an id"))?
            .saturating_add(1),
    };
    let limit = value("limit").map_or(Ok(DUMP), str::parse);
    Ok((start, limit.map_err(|error| format!("limit: {error}"))?))
}

/// `next` is what `after` has to be to go on; null at the end.
fn dump(rows: Vec<Value>, limit: usize) -> Value {
    let full = rows.len() == limit;
    let next = rows.last().filter(|_| full).map(|last| last["id"].clone());
    json!({"data": rows, "next": next})
}

/// The records that can be read, with how many parts they have where they have parts.
pub(crate) fn records<R: Searchable>(
    generator: &Generator,
    view: OrderedView<'_, R>,
    query: &[(String, String)],
    parts: impl Fn(&R) -> Option<u64>,
) -> Result<Value, String> {
    let (start, limit) = window(query, |id| R::decode(generator, id))?;
    let records = (start..view.numbers_end()).filter_map(|number| view.live(number));
    let row = |record: &R| {
        let id = R::encode(generator, record.number());
        let mut row = json!({"id": id, "updated_at": record.updated_at()});
        if let Some(parts) = parts(record) {
            row["parts"] = json!(parts);
        }
        row
    };
    let rows = records.take(limit).map(|record| row(&record));
    Ok(dump(rows.collect(), limit))
}

/// The companies that lists show.
pub(crate) fn companies(
    workspace: &Workspace,
    query: &[(String, String)],
) -> Result<Value, String> {
    let seed = workspace.options.seed;
    let (start, limit) = window(query, |id| identifiers::decode(seed, Kind::Company, id))?;
    let state = workspace.read();
    let visible = state.companies.visible(start, u64::MAX);
    let companies = visible.filter_map(|number| state.companies.company(number));
    let rows = companies
        .take(limit)
        .map(|company| json!({"id": company.id(seed), "updated_at": company.updated_at}));
    Ok(dump(rows.collect(), limit))
}
