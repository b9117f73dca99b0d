//! Packing, for the build script and for tests.

use std::collections::HashMap;

use super::format::{BLOCK, FAR, FAR_LEAST, MORE, NEAR_LEAST, WORD};

/// What near copies begin with.
pub const NEAR: u8 = 0b1000_0000;
/// What stands before a byte that is not of ASCII.
const LITERAL: u8 = 0xFF;
/// The most bytes of a near copy, and how far before they are.
const NEAR_MOST: usize = NEAR_LEAST + 0xF;
const NEAR_REACH: usize = 0x3FF;
/// How far before those of a far copy are.
const FAR_REACH: usize = 0xFFFF;
/// The length of a copy from which on it takes a byte more.
const LONG: usize = FAR_LEAST + MORE as usize;
/// The most bytes of a copy.
const MOST: usize = LONG + u8::MAX as usize;

/// Packs a text into as few bytes as the format allows.
pub fn packed(text: &[u8]) -> Vec<u8> {
    let copies = copies(text);
    // From the end: what the rest of the text takes from each place on, and the step that is the best there.
    let mut costs = vec![0; text.len() + 1];
    let mut steps = vec![Step::Literal(0); text.len()];
    for at in (0..text.len()).rev() {
        let literal = Step::Literal(text[at]);
        let mut best = (costs[at + 1] + literal.cost(), literal);
        let mut least = NEAR_LEAST;
        for &(distance, most) in &copies[at] {
            for length in least..=most {
                let step = Step::Copy { distance, length };
                let cost = costs[at + length] + step.cost();
                if step.is_possible() && cost < best.0 {
                    best = (cost, step);
                }
            }
            // What is nearer never takes more.
            least = most + 1;
        }
        (costs[at], steps[at]) = best;
    }
    let mut out = Vec::with_capacity(costs[0]);
    let mut at = 0;
    while let Some(step) = steps.get(at) {
        at += step.write(&mut out);
    }
    out.extend([0; WORD]);
    out
}

/// A part of what is packed.
#[derive(Clone, Copy)]
enum Step {
    Literal(u8),
    Copy { distance: usize, length: usize },
}

impl Step {
    fn is_near(self) -> bool {
        matches!(self, Self::Copy { distance, length } if distance <= NEAR_REACH && length <= NEAR_MOST)
    }

    fn is_possible(self) -> bool {
        self.is_near() || matches!(self, Self::Copy { length, .. } if length >= FAR_LEAST)
    }

    /// The bytes that it takes.
    fn cost(self) -> usize {
        match self {
            Self::Literal(byte) => 2 - usize::from(byte.is_ascii()),
            Self::Copy { .. } if self.is_near() => 2,
            Self::Copy { length, .. } => 3 + usize::from(length >= LONG),
        }
    }

    /// Writes it, and gives how many bytes of the text it stands for.
    fn write(self, out: &mut Vec<u8>) -> usize {
        let (distance, length) = match self {
            Self::Literal(byte) => {
                out.extend((!byte.is_ascii()).then_some(LITERAL));
                out.push(byte);
                return 1;
            }
            Self::Copy { distance, length } => (distance, length),
        };
        let [.., high, low] = distance.to_be_bytes();
        let byte = |number: usize| number.to_le_bytes()[0];
        if self.is_near() {
            out.extend([NEAR | byte(length - NEAR_LEAST) << 2 | high, low]);
        } else {
            let code = byte(LONG.min(length) - FAR_LEAST);
            out.extend([FAR | code, high, low]);
            out.extend((code == MORE).then(|| byte(length - LONG)));
        }
        length
    }
}

/// What each place can be copied from: distances and lengths, ever further and ever longer.
fn copies(text: &[u8]) -> Vec<Vec<(usize, usize)>> {
    let mut last: HashMap<&[u8], usize> = HashMap::new();
    let mut before = vec![None; text.len()];
    let mut all = vec![Vec::new(); text.len()];
    for (at, beginning) in text.windows(NEAR_LEAST).enumerate() {
        before[at] = last.insert(beginning, at);
        let here = &text[at..text.len().min(at + MOST)];
        let mut longest = NEAR_LEAST - 1;
        let mut next = before[at];
        while let Some(place) = next {
            let distance = at - place;
            if distance > FAR_REACH || longest == here.len() {
                break;
            }
            next = before[place];
            if distance < BLOCK || text[place + longest] != here[longest] {
                continue;
            }
            let pairs = here.iter().zip(&text[place..]);
            let length = pairs.take_while(|(one, other)| one == other).count();
            if length > longest {
                longest = length;
                all[at].push((distance, length));
            }
        }
    }
    all
}
