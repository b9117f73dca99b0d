//! Ids of contacts, companies and segments: 24 hex digits that lead back to the object's number, so that a million
//! objects need no table.

/// What an id names; ids of one kind mean nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Contact,
    Company,
    Segment,
}

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
/// `MULTIPLIER * INVERSE == 1` in 64-bit arithmetic.
const INVERSE: u64 = 0xf1de_83e1_9937_733d;

/// Mixes a number thoroughly (the finaliser of `SplitMix64`).
pub(crate) const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(MULTIPLIER);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The id of the object with this number.
pub(crate) fn encode(seed: u64, kind: Kind, number: u64) -> String {
    let key = key(seed, kind);
    let scrambled = (number ^ key).wrapping_mul(MULTIPLIER);
    let scrambled = scrambled ^ (scrambled >> 32);
    format!("{:08x}{scrambled:016x}", tag(key, number))
}

/// The number that an id leads to; `None` when it is not an id of this kind in this workspace.
pub(crate) fn decode(seed: u64, kind: Kind, id: &str) -> Option<u64> {
    let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if id.len() != 24 || !id.bytes().all(lower_hex) {
        return None;
    }
    let key = key(seed, kind);
    let sent_tag = u32::from_str_radix(id.get(..8)?, 16).ok()?;
    let scrambled = u64::from_str_radix(id.get(8..)?, 16).ok()?;
    let scrambled = scrambled ^ (scrambled >> 32);
    let number = scrambled.wrapping_mul(INVERSE) ^ key;
    (tag(key, number) == sent_tag).then_some(number)
}

fn key(seed: u64, kind: Kind) -> u64 {
    let salt = match kind {
        Kind::Contact => 0x636f_6e74,
        Kind::Company => 0x636f_6d70,
        Kind::Segment => 0x7365_676d,
    };
    mix(seed ^ mix(salt))
}

fn tag(key: u64, number: u64) -> u32 {
    // The upper half is the better mixed one.
    (mix(key ^ mix(number)) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constants_are_inverse() {
        assert_eq!(MULTIPLIER.wrapping_mul(INVERSE), 1);
    }

    #[test]
    fn ids_lead_back_to_their_numbers() {
        for number in (0..5_000).chain([999_999, u64::from(u32::MAX), u64::MAX]) {
            let id = encode(7, Kind::Contact, number);
            assert_eq!(id.len(), 24);
            assert_eq!(decode(7, Kind::Contact, &id), Some(number));
        }
    }

    #[test]
    fn foreign_ids_lead_nowhere() {
        let id = encode(7, Kind::Contact, 3);
        assert_eq!(decode(8, Kind::Contact, &id), None);
        assert_eq!(decode(7, Kind::Company, &id), None);
        for text in [
            "",
            "667d60b08a68186f43bafdbf",
            "é23456789012345678901234",
            &id[1..],
        ] {
            assert_eq!(decode(7, Kind::Contact, text), None, "{text}");
        }
    }
}
