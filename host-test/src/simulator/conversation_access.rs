//! How a test in the same process looks at the conversations.

use std::ops::Deref;

use serde_json::Value;

use super::conversation_part_body::MOST_SHOWN;
use super::desk::Desk;
use super::numbering::CONVERSATIONS;
use super::version::ApiVersion;
use super::workspace::Workspace;

impl Workspace {
    /// How many conversations can be read.
    pub fn conversation_count(&self) -> u64 {
        self.read().conversations.current().count()
    }

    /// How many parts the conversations have that can be read.
    pub fn conversation_part_count(&self) -> u64 {
        self.sum_conversations(|length| length)
    }

    /// How many parts of conversations can be read: of each conversation the newest 500.
    pub fn readable_conversation_part_count(&self) -> u64 {
        self.sum_conversations(|length| length.min(MOST_SHOWN))
    }

    /// Ids of the conversations that can be read.
    pub fn conversation_ids(&self) -> impl Iterator<Item = String> + use<> {
        let numbers: Vec<u64> = self.read().conversations.current().numbers().collect();
        numbers
            .into_iter()
            .map(|number| CONVERSATIONS.encode(number))
    }

    /// A conversation with its parts as the API (2.11) renders it; `None` when it cannot be read.
    pub fn conversation(&self, id: &str) -> Option<Value> {
        let state = self.read();
        let number = CONVERSATIONS.decode(id)?;
        let conversation = state.conversations.current().live(number)?;
        let desk = Desk::new(self, &state, ApiVersion::DEFAULT);
        serde_json::to_value(desk.whole_conversation(&conversation)).ok()
    }

    fn sum_conversations(&self, count: impl Fn(u64) -> u64) -> u64 {
        let state = self.read();
        let view = state.conversations.current();
        let generated = view
            .unwritten()
            .map(|number| count(self.generator.conversation_length(number)));
        let written = view
            .written()
            .map(Deref::deref)
            .filter(|conversation| conversation.deletion.is_none())
            .map(|conversation| count(conversation.thread.len()));
        generated.sum::<u64>() + written.sum::<u64>()
    }
}
