//! What a component may import.

use crate::capabilities::clocks::Clock;
use crate::contract;

/// An import that is granted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Import {
    /// An interface of the contract.
    Contract,
    /// A clock of WASI.
    Clock(Clock),
}

/// What an import is; `None`: nothing that is granted.
pub(super) fn classify(name: &str) -> Option<Import> {
    let (interface, version) = name.split_once('@')?;
    match interface {
        "wasi:clocks/wall-clock" if is_of(version, "0.2") => Some(Import::Clock(Clock::Wall)),
        "wasi:clocks/monotonic-clock" if is_of(version, "0.2") => {
            Some(Import::Clock(Clock::Monotonic))
        }
        _ => {
            let name = interface
                .strip_prefix(contract::PACKAGE)?
                .strip_prefix('/')?;
            let known = ["types", "http", "state", "log"].contains(&name);
            (known && is_of(version, contract::VERSION)).then_some(Import::Contract)
        }
    }
}

/// Gives the version of an interface of the contract's package where it is not the one that this host speaks.
pub(super) fn check_version(name: &str) -> Result<(), String> {
    let of_package = name
        .strip_prefix(contract::PACKAGE)
        .and_then(|rest| rest.strip_prefix('/'));
    let Some(interface) = of_package else {
        return Ok(());
    };
    match interface.split_once('@') {
        Some((_, version)) if is_of(version, contract::VERSION) => Ok(()),
        Some((_, version)) => Err(version.to_owned()),
        None => Err("(none)".to_owned()),
    }
}

/// Whether a version has these first two numbers and is no pre-release.
fn is_of(version: &str, track: &str) -> bool {
    let patch = version
        .strip_prefix(track)
        .and_then(|rest| rest.strip_prefix('.'));
    patch.is_some_and(|patch| !patch.is_empty() && patch.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_granted_imports_are_a_closed_set() {
        for name in ["types", "http", "state", "log"] {
            let name = format!("integration:connector/{name}@0.1.7");
            assert_eq!(classify(&name), Some(Import::Contract), "{name}");
        }
        let wall = Some(Import::Clock(Clock::Wall));
        let monotonic = Some(Import::Clock(Clock::Monotonic));
        assert_eq!(classify("wasi:clocks/wall-clock@0.2.12"), wall);
        assert_eq!(classify("wasi:clocks/monotonic-clock@0.2.0"), monotonic);
        for name in [
            "integration:connector/secrets@0.1.0",
            "integration:connector/http@0.2.0",
            "integration:connector/http@0.1.0-rc.1",
            "integration:connector/http@0.10.0",
            "integration:connector/http@0.1",
            "integration:connector/http",
            "integration:connectors/http@0.1.0",
            "integration:connectorx/http@0.1.0",
            "wasi:clocks/wall-clock@0.3.0",
            "wasi:clocks/timezone@0.2.0",
            "wasi:io/poll@0.2.0",
            "wasi:filesystem/types@0.2.0",
            "wasi:cli/environment@0.2.0",
            "http",
            "",
        ] {
            assert_eq!(classify(name), None, "{name}");
        }
    }

    #[test]
    fn another_version_of_the_contract_is_named() {
        let found = |name| check_version(name).err();
        assert_eq!(
            found("integration:connector/http@0.2.0").as_deref(),
            Some("0.2.0")
        );
        assert_eq!(
            found("integration:connector/connector@1.0.0").as_deref(),
            Some("1.0.0")
        );
        assert_eq!(
            found("integration:connector/http").as_deref(),
            Some("(none)")
        );
        assert_eq!(found("integration:connector/http@0.1.9"), None);
        assert_eq!(found("wasi:io/poll@0.2.0"), None);
    }
}
