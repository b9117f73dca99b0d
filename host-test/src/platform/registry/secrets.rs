//! Which secrets of webhooks several connections have: what such a secret has signed may be for any of them.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::Known;
use crate::secret::Secret;

/// A secret that is told from others and not kept.
pub(in crate::platform) type SecretDigest = [u8; 32];

pub(super) fn digest(secret: &Secret) -> SecretDigest {
    Sha256::digest(secret.expose()).into()
}

/// How many connections have each secret.
#[derive(Default)]
pub(super) struct Secrets {
    uses: HashMap<SecretDigest, usize>,
}

impl Secrets {
    pub(super) fn enter(&mut self, known: &Known) {
        for secret in &known.secrets {
            *self.uses.entry(*secret).or_default() += 1;
        }
    }

    pub(super) fn leave(&mut self, known: &Known) {
        for secret in &known.secrets {
            if let Some(uses) = self.uses.get_mut(secret) {
                *uses -= 1;
                if *uses == 0 {
                    self.uses.remove(secret);
                }
            }
        }
    }

    /// Whether another connection has one of its secrets.
    pub(super) fn are_shared(&self, known: &Known) -> bool {
        let mut secrets = known.secrets.iter();
        secrets.any(|secret| self.uses.get(secret).is_some_and(|uses| *uses > 1))
    }
}
