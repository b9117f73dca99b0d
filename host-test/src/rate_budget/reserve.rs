//! What a connection leaves of the provider's budget to others.

/// The part of each window's budget that a connection never uses: it is for the customer's other apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserve {
    /// So many requests of each window.
    Requests(u32),
    /// So many hundredths of the budget.
    Percent(u32),
}

impl Default for Reserve {
    fn default() -> Self {
        Self::Requests(0)
    }
}

impl Reserve {
    /// The requests to leave of a budget of this size. One is always left to use, or nothing would ever be read.
    pub fn of(self, limit: u32) -> u32 {
        let wanted = match self {
            Self::Requests(count) => count,
            Self::Percent(share) => {
                let share = u64::from(limit).saturating_mul(share.into()).div_ceil(100);
                u32::try_from(share).unwrap_or(u32::MAX)
            }
        };
        wanted.min(limit.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_up_and_one_request_is_always_left() {
        assert_eq!(Reserve::default().of(100), 0);
        assert_eq!(Reserve::Percent(20).of(1_666), 334);
        assert_eq!(Reserve::Requests(10).of(100), 10);
        for reserve in [Reserve::Requests(1_000), Reserve::Percent(100)] {
            assert_eq!(reserve.of(100), 99);
            assert_eq!(reserve.of(1), 0);
        }
    }
}
