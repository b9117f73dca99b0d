//! Reads the body of a search: query, sorting, page.

use serde_json::Value;

use super::call::{Call, per_page};
use super::cursor::{self, Cursor};
use super::errors::ApiError;
use super::ordered_search::Search;
use super::search;
use super::search_fields::FieldKind;
use super::search_test::DateMode;

/// How a resource is searched.
pub(crate) struct SearchRules<'a, F> {
    pub(crate) dates: DateMode,
    /// Resolves the name of a field.
    pub(crate) field: &'a dyn Fn(&str) -> Option<(F, FieldKind)>,
    /// How many records a page has unless the request says otherwise.
    pub(crate) usual_page: usize,
    pub(crate) largest_page: usize,
    /// Whether an order is refused that is neither `ascending` nor `descending`.
    pub(crate) checks_order: bool,
}

impl<F> SearchRules<'_, F> {
    /// Reads a search.
    ///
    /// # Errors
    /// 400 with what is wrong.
    pub(crate) fn read(&self, call: &Call) -> Result<Search<F>, ApiError> {
        let fields = call.fields()?;
        let query = fields
            .get("query")
            .ok_or_else(|| ApiError::parameter_not_found("query is a required parameter"))?;
        let query = search::parse(query, &self.dates, self.field)?;
        let mut sort = "updated_at";
        let mut ascending = false;
        if let Some(Value::Object(wanted)) = fields.get("sort") {
            sort = wanted.get("field").and_then(Value::as_str).unwrap_or(sort);
            ascending = self.ascending(wanted.get("order").and_then(Value::as_str))?;
        }
        let (sort, sort_kind) = (self.field)(sort).ok_or_else(|| search::invalid_field(sort))?;
        let pagination = fields.get("pagination").unwrap_or(&Value::Null);
        let per_page = match &pagination["per_page"] {
            Value::Null => self.usual_page,
            value => per_page(value, self.largest_page)?,
        };
        let after = match &pagination["starting_after"] {
            Value::Null => None,
            Value::String(cursor) => Some(Cursor::decode(cursor)?),
            _ => return Err(cursor::invalid()),
        };
        Ok(Search {
            query,
            sort,
            sort_kind,
            ascending,
            per_page,
            after,
        })
    }

    fn ascending(&self, order: Option<&str>) -> Result<bool, ApiError> {
        match order {
            Some("ascending") => Ok(true),
            Some("descending") | None => Ok(false),
            Some(order) if self.checks_order => Err(ApiError::new(
                400,
                "invalid_sort_order",
                format!("Invalid sort order '{order}'. Must be one of: ascending, descending"),
            )),
            Some(order) => Ok(order == "asc"),
        }
    }
}
