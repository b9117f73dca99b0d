//! Versions of a component that take each other's place while calls run.

/// A version that some connections try, and that is taken back.
mod canary;
/// Swaps under load: nothing fails, nothing is lost, nothing comes twice.
mod load;
/// Who gets which version, and when the old one is gone.
mod versions;

use std::sync::Arc;

use host_test::components::{Activation, Components, ComponentsError, Scope, Store};
use host_test::engine::Allocation;
use written::Folder;

use crate::hostile::{artifact, engine};

/// The name of the hostile component.
const CONNECTOR: &str = "hostile";
const OLD: &str = "version=1.0.0;answer=first";
const NEW: &str = "version=2.0.0;answer=second";

/// A store with these versions, and a process that runs them. The first one is active.
async fn components(versions: &[&str]) -> (Arc<Components>, Folder) {
    let folder = Folder::new();
    let store = Store::new(folder.path().join("components"));
    let components = Components::new(engine(32, Allocation::Automatic), store, None);
    for settings in versions {
        let added = components.add(&artifact(settings), settings).await;
        added.expect(settings);
    }
    components
        .activate(&version("1.0.0"))
        .await
        .expect("the first one");
    (Arc::new(components), folder)
}

/// Activates a version for all.
fn version(version: &str) -> Activation {
    Activation {
        version: version.to_owned(),
        ..Activation::default()
    }
}

/// Activates a version for some.
fn scoped(version_name: &str, scope: Scope) -> Activation {
    Activation {
        scope,
        ..version(version_name)
    }
}

/// Why a version is not activated.
async fn refusal(components: &Components, asked: &Activation) -> String {
    let error: ComponentsError = components.activate(asked).await.expect_err("it is refused");
    error.to_string()
}
