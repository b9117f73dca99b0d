//! Sets of seconds, as sorted spans that do not touch.

use super::ordered::KeyRange;

/// A set of times in Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spans(Vec<(i64, i64)>);

impl Spans {
    pub(crate) fn nothing() -> Spans {
        Spans(Vec::new())
    }

    pub(crate) fn everything() -> Spans {
        Spans::of(i64::MIN, i64::MAX)
    }

    /// From `start` to before `end`.
    pub(crate) fn of(start: i64, end: i64) -> Spans {
        Spans(if start < end {
            vec![(start, end)]
        } else {
            Vec::new()
        })
    }

    pub(crate) fn union(&self, other: &Spans) -> Spans {
        let mut all: Vec<_> = self.0.iter().chain(&other.0).copied().collect();
        all.sort_unstable();
        let mut union: Vec<(i64, i64)> = Vec::with_capacity(all.len());
        for (start, end) in all {
            match union.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => union.push((start, end)),
            }
        }
        Spans(union)
    }

    pub(crate) fn intersection(&self, other: &Spans) -> Spans {
        let pairs = self
            .0
            .iter()
            .flat_map(|own| other.0.iter().map(move |their| (own, their)));
        let both = pairs.map(|(own, their)| (own.0.max(their.0), own.1.min(their.1)));
        let mut both: Vec<_> = both.filter(|(start, end)| start < end).collect();
        both.sort_unstable();
        Spans(both)
    }

    pub(crate) fn contain(&self, seconds: i64) -> bool {
        self.0
            .iter()
            .any(|(start, end)| (*start..*end).contains(&seconds))
    }

    /// The keys from the first span's start to the last one's end.
    pub(crate) fn hull(&self) -> KeyRange {
        match (self.0.first(), self.0.last()) {
            (Some((start, _)), Some((_, end))) => keys(*start, *end),
            _ => keys(0, 0),
        }
    }

    /// The keys of each span.
    pub(crate) fn keys(&self) -> impl Iterator<Item = KeyRange> + '_ {
        self.0.iter().map(|(start, end)| keys(*start, *end))
    }
}

fn keys(start: i64, end: i64) -> KeyRange {
    (start, 0)..(end, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_behave_as_sets() {
        let either = Spans::of(0, 10)
            .union(&Spans::of(20, 30))
            .union(&Spans::of(5, 12));
        assert_eq!(either, Spans(vec![(0, 12), (20, 30)]));
        let both = either.intersection(&Spans::of(11, 25));
        assert_eq!(both, Spans(vec![(11, 12), (20, 25)]));
        assert!(both.contain(11) && !both.contain(12));
        assert_eq!(both.hull(), (11, 0)..(25, 0));
        assert_eq!(Spans::of(3, 3), Spans::nothing());
        assert_eq!(
            Spans::everything().intersection(&Spans::nothing()),
            Spans::nothing()
        );
    }
}
