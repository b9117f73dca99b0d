//! The functions that a component exports, found once: a call looks up its own and no other.

use wasmtime::component::{Component, ComponentExportIndex};

use crate::contract;

/// One function of the contract's interface `connector`.
#[derive(Clone, Copy)]
pub(crate) struct Export {
    /// Its name in the contract.
    pub(crate) name: &'static str,
    /// Where it is in the component.
    pub(crate) index: ComponentExportIndex,
}

/// The functions of the contract's interface `connector`.
pub(crate) struct Exports {
    pub(crate) describe: Export,
    pub(crate) authenticate: Export,
    pub(crate) read_page: Export,
    pub(crate) map_record: Export,
    pub(crate) verify_webhook: Export,
    pub(crate) write_batch: Export,
}

impl Exports {
    /// Finds them by their names; their types are another matter.
    pub(crate) fn find(component: &Component) -> wasmtime::Result<Self> {
        let interface = contract::connector_interface();
        let connector = component
            .get_export_index(None, interface.as_str())
            .ok_or_else(|| missing(&interface))?;
        let find = |name| match component.get_export_index(Some(&connector), name) {
            Some(index) => Ok(Export { name, index }),
            None => Err(missing(name)),
        };
        Ok(Self {
            describe: find("describe")?,
            authenticate: find("authenticate")?,
            read_page: find("read-page")?,
            map_record: find("map-record")?,
            verify_webhook: find("verify-webhook")?,
            write_batch: find("write-batch")?,
        })
    }
}

fn missing(name: &str) -> wasmtime::Error {
    wasmtime::format_err!("it exports no `{name}`")
}
