//! Ids that count up: those of conversations, tickets and their parts, which are numbers as text.

/// Ids that count up from a first one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbering(u64);

/// Ids of conversations.
pub(crate) const CONVERSATIONS: Numbering = Numbering(215_400_000_000_001);
/// Ids of tickets: a ticket is a conversation too, so the two have no id in common.
pub(crate) const TICKETS: Numbering = Numbering(215_800_000_000_001);
/// Ids of the parts of conversations.
pub(crate) const CONVERSATION_PARTS: Numbering = Numbering(20_000_000_000_001);
/// Ids of the parts of tickets.
pub(crate) const TICKET_PARTS: Numbering = Numbering(3_000_000_000_000_001);
/// Ids of the messages that conversations begin with.
pub(crate) const SOURCES: Numbering = Numbering(1_400_000_001);

/// How many parts there is room for in one conversation or ticket.
pub(crate) const MOST_PARTS: u64 = 1_000_000;

impl Numbering {
    /// The id of the object with this number.
    pub(crate) fn encode(self, number: u64) -> String {
        self.0.saturating_add(number).to_string()
    }

    /// The number that an id leads to, whether there is such an object or not.
    pub(crate) fn decode(self, id: &str) -> Option<u64> {
        let number = id.parse::<u64>().ok()?.checked_sub(self.0)?;
        (self.encode(number) == id).then_some(number)
    }

    /// The id of a part of the object with this number.
    pub(crate) fn encode_part(self, number: u64, index: u64) -> String {
        self.encode(number.saturating_mul(MOST_PARTS).saturating_add(index))
    }

    /// The index of a part in the object with this number.
    pub(crate) fn decode_part(self, number: u64, id: &str) -> Option<u64> {
        let part = self.decode(id)?;
        (part / MOST_PARTS == number).then_some(part % MOST_PARTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_to_their_numbers() {
        for number in [0, 1, 999_999, 10_000_000] {
            assert_eq!(
                CONVERSATIONS.decode(&CONVERSATIONS.encode(number)),
                Some(number)
            );
        }
        let part = CONVERSATION_PARTS.encode_part(7, 12);
        assert_eq!(CONVERSATION_PARTS.decode_part(7, &part), Some(12));
        assert_eq!(CONVERSATION_PARTS.decode_part(8, &part), None);
    }

    #[test]
    fn other_texts_lead_nowhere() {
        for id in ["", "1", "x", "+215400000000001", "0215400000000001"] {
            assert_eq!(CONVERSATIONS.decode(id), None, "{id}");
        }
    }
}
