//! The rows of a content export: who was sent which message, when, and what came of it.

use std::io::{self, Write};
use std::ops::Range;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::contact::Contact;
use super::generate::{Dice, REMARKS};
use super::identifiers::{self, Kind};
use super::timeline::Timeline;
use super::workspace::Workspace;

const COLUMNS: [&str; 26] = [
    "user_id",
    "user_external_id",
    "company_id",
    "email",
    "name",
    "ruleset_id",
    "content_id",
    "content_type",
    "content_title",
    "ruleset_version_id",
    "receipt_id",
    "received_at",
    "series_id",
    "series_title",
    "node_id",
    "first_reply",
    "first_completion",
    "first_series_completion",
    "first_series_disengagement",
    "first_series_exit",
    "first_goal_success",
    "first_open",
    "first_click",
    "first_dismisall",
    "first_unsubscribe",
    "first_hard_bounce",
];

/// What stands where there is no company or series.
const NONE: &str = "-1";
const DICE: u64 = 2_000;
const FIRST_RECEIPT_ID: u64 = 9_000_000;
const CONTENT: &[&str] = &["Email", "Chat", "Post", "Tour", "Survey"];

impl Workspace {
    /// How many rows a content export of a time has; Unix seconds, both ends are part of it.
    pub fn exported_row_count(&self, after: i64, before: i64) -> u64 {
        let rows = self.exported_rows(after, before);
        rows.end.saturating_sub(rows.start)
    }

    fn exported_timeline(&self) -> Timeline {
        Timeline {
            seed: self.options.seed,
            dice: DICE,
            count: self.options.catalogue.exported_rows,
            epoch: self.options.epoch,
        }
    }

    fn exported_rows(&self, after: i64, before: i64) -> Range<u64> {
        let timeline = self.exported_timeline();
        timeline.before((after, 0))..timeline.before((before.saturating_add(1), 0))
    }

    /// The file of an export: CSV, compressed with gzip.
    ///
    /// # Errors
    /// When it cannot be compressed.
    pub(crate) fn exported_file(&self, after: i64, before: i64) -> io::Result<Vec<u8>> {
        let mut file = GzEncoder::new(Vec::new(), Compression::fast());
        write_line(&mut file, COLUMNS)?;
        let timeline = self.exported_timeline();
        for number in self.exported_rows(after, before) {
            write_line(&mut file, self.exported_row(number, timeline.at(number)))?;
        }
        file.finish()
    }

    /// One field for each column.
    fn exported_row(&self, number: u64, received_at: i64) -> Vec<String> {
        let seed = self.options.seed;
        let dice = Dice::new(seed, DICE, number);
        let contacts = self.generator.contacts;
        let contact = (contacts > 0).then(|| self.generator.contact(dice.roll(1, contacts)));
        let of_contact = |field: &dyn Fn(&Contact) -> Option<String>| {
            contact.as_ref().and_then(field).unwrap_or_default()
        };
        let company = |contact: &Contact| {
            let first = contact.companies.first();
            let id = first.map(|number| identifiers::encode(seed, Kind::Company, *number));
            id.or(Some(NONE.to_owned()))
        };
        let ruleset = 1_000 + dice.roll(2, 12);
        let in_series = dice.chance(3, 30);
        let of_series = |text: u64| match in_series {
            true => text.to_string(),
            false => NONE.to_owned(),
        };
        let mut row = vec![
            of_contact(&|contact| Some(contact.id(seed))),
            of_contact(&|contact| contact.external_id.clone()),
            of_contact(&company),
            of_contact(&|contact| contact.email.clone()),
            of_contact(&|contact| contact.name.clone()),
            ruleset.to_string(),
            (ruleset * 10 + dice.roll(4, 2)).to_string(),
            dice.pick(5, CONTENT).to_owned(),
            format!("{}, {ruleset}", dice.pick(6, REMARKS)),
            (ruleset * 100 + dice.roll(7, 5)).to_string(),
            (FIRST_RECEIPT_ID + number).to_string(),
            received_at.to_string(),
            of_series(ruleset % 3),
            if in_series { "Onboarding" } else { "" }.to_owned(),
            of_series(ruleset * 7),
        ];
        // What came of it: each happened to one in five, some time later.
        let outcomes = row.len() as u64..COLUMNS.len() as u64;
        row.extend(outcomes.map(|column| match dice.chance(20 + column, 20) {
            true => (received_at + dice.seconds(60 + column, 86_400)).to_string(),
            false => String::new(),
        }));
        row
    }
}

/// A line of CSV. Texts with a comma, a quotation mark or the end of a line stand in quotation marks.
fn write_line(
    file: &mut impl Write,
    fields: impl IntoIterator<Item = impl AsRef<str>>,
) -> io::Result<()> {
    for (index, field) in fields.into_iter().enumerate() {
        let field = field.as_ref();
        if index > 0 {
            write!(file, ",")?;
        }
        if field.contains([',', '"', '\n', '\r']) {
            write!(file, "\"{}\"", field.replace('"', "\"\""))?;
        } else {
            write!(file, "{field}")?;
        }
    }
    writeln!(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_csv_needs_is_quoted() {
        let mut line = Vec::new();
        write_line(&mut line, ["a", "", "b, \"c\"\nd", "é"]).unwrap();
        assert_eq!(line, "a,,\"b, \"\"c\"\"\nd\",é\n".as_bytes());
    }
}
