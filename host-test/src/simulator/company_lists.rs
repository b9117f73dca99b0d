//! Companies in lists: by page number, one by key or name, all by scrolling, and the contacts of one.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome, page_number, per_page};
use super::companies;
use super::company::{Company, CompanyBody};
use super::errors::ApiError;
use super::pages::{numbered_list, numbered_pages};
use super::route::Route;
use super::scroll::IDLE;
use super::segments;
use super::workspace::{State, Workspace};

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/companies", "companies", list),
    Route::new("POST", "/companies/list", "companies", list_by_post),
    Route::new("GET", "/companies/scroll", "companies", scroll),
    Route::new("GET", "/companies/{id}/contacts", "companies", contacts),
    Route::new(
        "GET",
        "/companies/{id}/segments",
        "companies",
        list_segments,
    ),
];

const PAGE: usize = 15;
const LARGEST_PAGE: usize = 60;
const CONTACTS_PAGE: usize = 50;
const SCROLL_PAGE: usize = 100;
/// Lists by page number reach no further: a page that would end beyond it is refused.
const REACH: u64 = 10_000;

#[derive(Serialize)]
struct CompanyList<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    data: Vec<CompanyBody<'a>>,
    pages: Value,
    total_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scroll_param: Option<String>,
}

fn list(workspace: &Workspace, call: &Call) -> Outcome {
    if let Some(company_id) = call.query("company_id") {
        let company = workspace.read().companies.with_company_id(company_id);
        return companies::render(
            workspace,
            &*company.ok_or_else(ApiError::company_not_found)?,
        );
    }
    if let Some(name) = call.query("name") {
        return by_name(workspace, name);
    }
    if let Some(tag) = call.query("tag_id") {
        let tag: u64 = tag.parse().map_err(|_| ApiError::resource_not_found())?;
        return filtered(workspace, call, |company| company.tags.contains(&tag));
    }
    if let Some(segment) = call.query("segment_id") {
        let segment = segments::index(workspace, segment)?;
        return filtered(workspace, call, |company| {
            company.segments.contains(&segment)
        });
    }
    page(
        workspace,
        call.page()?,
        call.per_page(PAGE, LARGEST_PAGE)?,
        false,
    )
}

/// The same list; page and order may come in the body too.
fn list_by_post(workspace: &Workspace, call: &Call) -> Outcome {
    let page_wanted = match &call.body["page"] {
        Value::Null => call.page()?,
        value => page_number(value)?,
    };
    let size = match &call.body["per_page"] {
        Value::Null => call.per_page(PAGE, LARGEST_PAGE)?,
        value => per_page(value, LARGEST_PAGE)?,
    };
    let order = call.body["order"].as_str().or(call.query("order"));
    page(workspace, page_wanted, size, order == Some("asc"))
}

fn page(workspace: &Workspace, page: u64, per_page: usize, ascending: bool) -> Outcome {
    let skipped = (page - 1).saturating_mul(per_page as u64);
    if skipped.saturating_add(per_page as u64) > REACH {
        return Err(ApiError::bad_request(
            "page limit reached, please use scroll API",
        ));
    }
    let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
    let state = workspace.read();
    let latest_first = state.companies.by_last_request();
    let numbers: Vec<u64> = if ascending {
        let mut all: Vec<u64> = latest_first.collect();
        all.reverse();
        all.into_iter().skip(skipped).take(per_page).collect()
    } else {
        latest_first.skip(skipped).take(per_page).collect()
    };
    let total = state.companies.visible_count();
    let url = format!("{}/companies", workspace.url);
    let pages = numbered_pages(&url, page, per_page, total);
    render(workspace, &state, &numbers, pages, Some(total), None)
}

fn render(
    workspace: &Workspace,
    state: &State,
    numbers: &[u64],
    pages: Value,
    total_count: Option<u64>,
    scroll_param: Option<String>,
) -> Outcome {
    let companies: Vec<_> = numbers
        .iter()
        .filter_map(|number| state.companies.company(*number))
        .collect();
    let tag_name = |id| state.tags.get(&id).map(String::as_str);
    let options = &workspace.options;
    let bodies = companies.iter().map(|company| {
        company.body(options.seed, &options.workspace_id, tag_name, |index| {
            segments::segment(workspace, index, false)
        })
    });
    Answer::json(&CompanyList {
        kind: "list",
        data: bodies.collect(),
        pages,
        total_count,
        scroll_param,
    })
}

fn by_name(workspace: &Workspace, name: &str) -> Outcome {
    let found = {
        let state = workspace.read();
        let mut visible = state.companies.visible(0, u64::MAX);
        visible.find_map(|number| {
            let company = state.companies.company(number)?;
            (company.name.as_deref() == Some(name)).then_some(company)
        })
    };
    companies::render(workspace, &*found.ok_or_else(ApiError::company_not_found)?)
}

fn filtered(workspace: &Workspace, call: &Call, keep: impl Fn(&Company) -> bool) -> Outcome {
    let state = workspace.read();
    let visible = state.companies.visible(0, u64::MAX);
    let companies = visible.filter_map(|number| state.companies.company(number));
    let kept = companies.filter(|company| keep(company));
    let entries: Vec<Value> = kept
        .filter_map(|company| workspace.company_value(&state, &company))
        .collect();
    let url = format!("{}/companies", workspace.url);
    Answer::json(&numbered_list(
        &url,
        call.page()?,
        call.per_page(PAGE, LARGEST_PAGE)?,
        &entries,
    ))
}

fn scroll(workspace: &Workspace, call: &Call) -> Outcome {
    let state = workspace.read();
    // Held until the answer is known: two calls with one parameter must not get the same page.
    workspace.scroll(|scroll| {
        let step = scroll.step(
            call.query("scroll_param"),
            workspace.clock.milliseconds(),
            workspace.options.scaled(IDLE),
            state.companies.end(),
            |_| workspace.next_uuid(),
        )?;
        let visible = state.companies.visible(step.next, step.end);
        let numbers: Vec<u64> = visible.take(SCROLL_PAGE).collect();
        scroll.answered(numbers.last().map(|last| last + 1));
        render(
            workspace,
            &state,
            &numbers,
            Value::Null,
            None,
            Some(step.parameter),
        )
    })
}

fn contacts(workspace: &Workspace, call: &Call) -> Outcome {
    let number = workspace.company_number(call.parameter(0))?;
    let state = workspace.read();
    state
        .companies
        .company(number)
        .ok_or_else(ApiError::company_not_found)?;
    let view = state.contacts.current();
    let mut numbers: BTreeSet<u64> = workspace.generator.contacts_of(number).collect();
    numbers.extend(view.written().map(|contact| contact.number));
    let contacts = numbers.into_iter().filter_map(|contact| view.live(contact));
    let members = contacts.filter(|contact| contact.companies.contains(&number));
    let rendering = workspace.rendering(call.version);
    let entries: Vec<Value> = members
        .filter_map(|contact| serde_json::to_value(contact.body(rendering)).ok())
        .collect();
    let url = format!("{}/companies/{}/contacts", workspace.url, call.parameter(0));
    Answer::json(&numbered_list(
        &url,
        call.page()?,
        call.per_page(CONTACTS_PAGE, LARGEST_PAGE)?,
        &entries,
    ))
}

fn list_segments(workspace: &Workspace, call: &Call) -> Outcome {
    let company = companies::company(workspace, call)?;
    let segments = company.segments.iter();
    let data: Vec<Value> = segments
        .map(|index| segments::segment(workspace, *index, false))
        .collect();
    Answer::json(&json!({"type": "list", "data": data}))
}
