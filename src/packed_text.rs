//! Long texts, packed by the build script (`build.rs`).

mod format;
#[cfg(test)]
mod packing;

use crate::prelude::*;

/// A text that is given out or compiled, and never looked at otherwise: which of them it is.
#[derive(Clone, Copy, Debug)]
pub struct PackedText(usize);

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// All texts, packed.
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/texts"));

/// All texts, unpacked.
#[derive(Clone, Copy, Debug)]
pub struct Texts(&'static [u8]);

impl Texts {
    /// Unpacks them. They stay: a process does it once, and so does an instance.
    pub fn unpacked() -> Self {
        #[cfg(target_arch = "wasm32")]
        return Self(unpacked().leak());
        #[cfg(not(target_arch = "wasm32"))]
        {
            static UNPACKED: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
            Self(UNPACKED.get_or_init(unpacked))
        }
    }

    /// One of them, as it was written.
    pub fn get(self, text: PackedText) -> &'static [u8] {
        let end = |index: usize| ENDS.get(index).map_or(0, |end| *end as usize);
        // None ends where the first one begins.
        let start = end(text.0.wrapping_sub(1));
        self.0.get(start..end(text.0)).unwrap_or_default()
    }
}

impl PackedText {
    /// The schema of the canonical records of a stream, by the stream's place in the table.
    pub fn of_stream(index: usize) -> Self {
        Self(index)
    }

    /// The schema of what an action takes, by the action's place in the table.
    pub fn of_action(index: usize) -> Self {
        Self(FIRST_ACTION + index)
    }

    /// The text as it was written.
    pub fn text(self) -> String {
        String::from_utf8(Texts::unpacked().get(self).to_vec()).unwrap_or_default()
    }
}

fn unpacked() -> Vec<u8> {
    let bytes = ENDS.last().map_or(0, |end| *end as usize);
    let mut out = vec![0; bytes + format::ROOM];
    let unpacked = format::unpack(PACKED, &mut out);
    debug_assert!(unpacked.is_some());
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn again(text: &[u8]) -> Vec<u8> {
        let mut out = vec![0; text.len() + format::ROOM];
        format::unpack(&packing::packed(text), &mut out).unwrap();
        out.truncate(text.len());
        out
    }

    #[test]
    fn a_text_is_what_its_file_holds() {
        let file = include_str!("mapping/presets/ticket.json");
        assert_eq!(TICKET.text(), file);
        assert_eq!(
            IDENTITY.text(),
            include_str!("mapping/presets/identity.json")
        );
        assert!(PACKED.len() * 8 < Texts::unpacked().0.len());
        let triggers = include_str!("triggers/schema.json");
        assert!(CONFIG.text().contains(triggers));
    }

    #[test]
    fn copies_of_every_length_and_distance_come_out_as_they_went_in() {
        let noise: Vec<u8> = (0..2_000_u32)
            .map(|index| (index.wrapping_mul(2_654_435_761) >> 17) as u8)
            .collect();
        for length in [1, 3, 4, 15, 16, 17, 18, 19, 65, 66, 67, 321, 322, 700] {
            for distance in [length.max(1), 15, 16, 1_023, 1_024, 1_900] {
                let mut text = noise.clone();
                for _ in 0..length {
                    text.push(text[text.len() - distance]);
                }
                assert_eq!(again(&text), text, "{length} bytes from {distance} before");
            }
        }
    }

    #[test]
    fn what_is_cut_off_is_not_unpacked() {
        let text = b"{\"name\":{\"type\":\"text\"},\"other\":{\"type\":\"text\"}} \xff";
        let packed = packing::packed(text);
        assert!(packed.len() < text.len());
        let mut out = vec![0; text.len() + format::ROOM];
        assert!(format::unpack(&packed[..packed.len() - format::WORD], &mut out).is_none());
        // A copy from before the beginning, and no room.
        let [tag, rest @ ..] = [packing::NEAR, 16, 0, 0, 0, 0, 0, 0, 0, 0];
        let before = [&[tag][..], &rest].concat();
        assert!(format::unpack(&before, &mut out).is_none());
        assert!(format::unpack(&packed, &mut [0; format::ROOM - 1]).is_none());
    }

    proptest! {
        #[test]
        fn whatever_is_packed_comes_out_again(
            parts in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 1..40), 1..9_usize), 0..60)
        ) {
            let text: Vec<u8> = parts
                .iter()
                .flat_map(|(part, times)| part.repeat(*times))
                .collect();
            prop_assert_eq!(again(&text), text);
        }
    }
}
