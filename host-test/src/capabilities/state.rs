//! The capability `state`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::call::{CallContext, timed};
use crate::contract::state::{Change, Error, ErrorKind, Host, Swapped};
use crate::state_store::{StateError, StateLimits, StateStore};
use crate::tenant::TenantShared;

/// Bytes in a key.
const KEY_BYTES: usize = 256;

impl Host for CallContext {
    async fn get(&mut self, key: String) -> Result<Option<Vec<u8>>, Error> {
        let tenant = self.state_tenant()?;
        check_key(&key)?;
        let (value, spent) = timed(async {
            if let Some(value) = tenant.state.get_at_once(&tenant.name, &key, now_ms()) {
                return Ok(value);
            }
            in_store(tenant, move |store, namespace| {
                store.get(namespace, &key, now_ms())
            })
            .await
        })
        .await;
        self.host_time += spent;
        value
    }

    async fn swap(&mut self, change: Change) -> Result<Swapped, Error> {
        self.swap_all(vec![change]).await
    }

    async fn swap_all(&mut self, changes: Vec<Change>) -> Result<Swapped, Error> {
        let tenant = self.state_tenant()?;
        let limits = StateLimits {
            value: tenant.limits.state_value,
            total: tenant.limits.state_total,
            keys: tenant.limits.state_keys,
        };
        check_changes(&changes, limits)?;
        let (swapped, spent) = timed(in_store(tenant, move |store, namespace| {
            store.swap_all(namespace, &changes, limits, now_ms())
        }))
        .await;
        self.host_time += spent;
        swapped
    }
}

impl CallContext {
    fn state_tenant(&self) -> Result<Arc<TenantShared>, Error> {
        self.tenant.clone().ok_or_else(|| {
            error(
                ErrorKind::Unavailable,
                format!("`{}` has no state", self.export),
            )
        })
    }
}

/// Runs an operation where it disturbs nobody: a database on a thread for blocking work, anything else right here.
async fn in_store<R: Send + 'static>(
    tenant: Arc<TenantShared>,
    operation: impl FnOnce(&dyn StateStore, &str) -> Result<R, StateError> + Send + 'static,
) -> Result<R, Error> {
    let result = if tenant.state.may_block() {
        tokio::task::spawn_blocking(move || operation(&*tenant.state, &tenant.name))
            .await
            .unwrap_or_else(|ended| Err(StateError::Unavailable(ended.to_string())))
    } else {
        operation(&*tenant.state, &tenant.name)
    };
    result.map_err(|failure| {
        let kind = match &failure {
            StateError::TooLarge { .. } | StateError::TooMany { .. } => ErrorKind::TooLarge,
            StateError::Unavailable(_) => ErrorKind::Unavailable,
        };
        error(kind, failure.to_string())
    })
}

fn check_changes(changes: &[Change], limits: StateLimits) -> Result<(), Error> {
    let mut keys = BTreeSet::new();
    for change in changes {
        check_key(&change.key)?;
        if !keys.insert(change.key.as_str()) {
            return Err(error(
                ErrorKind::InvalidKey,
                "a key is named twice in one swap".into(),
            ));
        }
        let size = change.value.as_ref().map_or(0, Vec::len);
        if size > limits.value {
            let message = format!("a value has {size} bytes, {} are allowed", limits.value);
            return Err(error(ErrorKind::TooLarge, message));
        }
    }
    Ok(())
}

fn check_key(key: &str) -> Result<(), Error> {
    if !(1..=KEY_BYTES).contains(&key.len()) {
        let message = format!(
            "a key has {} bytes, 1 to {KEY_BYTES} are allowed",
            key.len()
        );
        return Err(error(ErrorKind::InvalidKey, message));
    }
    if key.chars().any(char::is_control) {
        let message = "a key holds a control character".into();
        return Err(error(ErrorKind::InvalidKey, message));
    }
    Ok(())
}

fn error(kind: ErrorKind, message: String) -> Error {
    Error { kind, message }
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::state_store::{MemoryState, SqliteState};
    use crate::tenant::sample::{context, descriptor, http, options};
    use crate::tenant::{Tenant, TenantOptions};

    fn put(key: &str, value: &[u8]) -> Change {
        Change {
            key: key.into(),
            expected: None,
            value: Some(value.to_vec()),
            ttl_ms: None,
        }
    }

    #[tokio::test]
    async fn tenants_share_a_store_and_no_value() {
        let directory = written::Folder::new();
        let file = directory.path().join("state.sqlite");
        let stores: [Arc<dyn StateStore>; 2] = [
            Arc::new(MemoryState::new()),
            Arc::new(SqliteState::open(&file).unwrap()),
        ];
        for state in stores {
            let contexts = ["a", "b"].map(|name| {
                let own = TenantOptions {
                    name: name.into(),
                    state: Arc::clone(&state),
                    ..options()
                };
                let tenant = Tenant::new(&descriptor(), &http(), own).unwrap();
                context(&tenant, Duration::from_secs(10))
            });
            let [mut one, mut two] = contexts;
            assert_eq!(one.swap(put("k", b"1")).await, Ok(Swapped::Done));
            assert_eq!(one.get("k".into()).await, Ok(Some(b"1".to_vec())));
            for key in ["k", "a/k", "a\u{1f}k", "../a/k"] {
                assert_ne!(two.get(key.into()).await, Ok(Some(b"1".to_vec())), "{key}");
            }
            assert_eq!(two.swap(put("k", b"2")).await, Ok(Swapped::Done));
            assert_eq!(one.get("k".into()).await, Ok(Some(b"1".to_vec())));
        }
    }

    #[tokio::test]
    async fn without_a_tenant_there_is_no_state() {
        let tenant = Tenant::new(&descriptor(), &http(), options()).unwrap();
        let mut nobody = context(&tenant, Duration::from_secs(10));
        nobody.tenant = None;
        let got = nobody.get("k".into()).await.map_err(|error| error.kind);
        assert_eq!(got, Err(ErrorKind::Unavailable));
        let swapped = nobody.swap(put("k", b"")).await.map_err(|error| error.kind);
        assert_eq!(swapped, Err(ErrorKind::Unavailable));
    }

    #[test]
    fn keys_have_rules() {
        for good in ["a", "journal/1", "ключ", "a b", &"k".repeat(KEY_BYTES)] {
            assert_eq!(check_key(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "a\nb",
            "\0",
            "\u{7f}",
            "\u{85}",
            &"k".repeat(KEY_BYTES + 1),
        ] {
            let kind = check_key(bad).map_err(|error| error.kind);
            assert_eq!(kind, Err(ErrorKind::InvalidKey), "{bad:?}");
        }
    }

    #[test]
    fn changes_have_rules() {
        let limits = StateLimits {
            value: 3,
            total: 100,
            keys: 100,
        };
        let change = |key: &str, value: &[u8]| Change {
            key: key.into(),
            expected: None,
            value: Some(value.to_vec()),
            ttl_ms: None,
        };
        let kind = |changes: &[Change]| check_changes(changes, limits).map_err(|error| error.kind);
        assert_eq!(kind(&[]), Ok(()));
        assert_eq!(kind(&[change("a", b"123"), change("b", b"")]), Ok(()));
        assert_eq!(kind(&[change("a", b"1234")]), Err(ErrorKind::TooLarge));
        assert_eq!(
            kind(&[change("a", b""), change("a", b"")]),
            Err(ErrorKind::InvalidKey)
        );
    }
}
