//! The custom attributes of a workspace.

use super::attribute_table::{CUSTOM, names};
use super::generate::{PLANS, SPAN};

/// A custom attribute.
#[derive(Clone, Debug)]
pub(crate) struct DataAttribute {
    pub(crate) id: u64,
    pub(crate) model: String,
    pub(crate) name: String,
    pub(crate) data_type: String,
    pub(crate) description: Option<String>,
    pub(crate) options: Option<Vec<String>>,
    pub(crate) messenger_writable: bool,
    pub(crate) archived: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

/// The custom attributes a workspace starts with; one of them is archived.
pub(crate) fn custom(epoch: i64) -> Vec<DataAttribute> {
    let attributes = CUSTOM.iter().zip(1_u64..);
    attributes
        .map(|((model, name, data_type, archived), id)| DataAttribute {
            id,
            model: (*model).to_owned(),
            name: (*name).to_owned(),
            data_type: (*data_type).to_owned(),
            description: None,
            options: (*name == names::PLAN_TIER)
                .then(|| PLANS.iter().map(|plan| (*plan).to_owned()).collect()),
            messenger_writable: false,
            archived: *archived,
            created_at: epoch.saturating_sub(SPAN),
            updated_at: epoch.saturating_sub(SPAN),
        })
        .collect()
}
