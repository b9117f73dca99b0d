//! A company: its state, whether generated or written, and how the API renders it.

use serde::Serialize;
use serde_json::{Map, Value};

use super::attribute_table::names;
use super::generate::{Dice, FIRST_NAMES, INDUSTRIES, PLANS, SPAN};
use super::generator::{COMPANY_DICE, FIRST_TAG_ID, Generator};
use super::identifiers::{self, Kind};
use super::note::{Note, Subject};

/// The whole state of a company.
#[derive(Clone, Debug)]
pub(crate) struct Company {
    pub(crate) number: u64,
    pub(crate) deleted: bool,
    pub(crate) company_id: String,
    pub(crate) name: Option<String>,
    /// Name of the plan.
    pub(crate) plan: Option<String>,
    pub(crate) remote_created_at: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) last_request_at: Option<i64>,
    pub(crate) size: Option<i64>,
    pub(crate) website: Option<String>,
    pub(crate) industry: Option<String>,
    pub(crate) monthly_spend: i64,
    pub(crate) session_count: i64,
    pub(crate) user_count: i64,
    pub(crate) custom_attributes: Map<String, Value>,
    /// Ids of tags.
    pub(crate) tags: Vec<u64>,
    /// Numbers of segments.
    pub(crate) segments: Vec<u64>,
    /// Newest first.
    pub(crate) notes: Vec<Note>,
}

impl Company {
    /// A company of which nothing but its key is known yet.
    pub(crate) fn blank(number: u64, company_id: String, now: i64) -> Company {
        Company {
            number,
            deleted: false,
            company_id,
            name: None,
            plan: None,
            remote_created_at: Some(now),
            created_at: now,
            updated_at: now,
            last_request_at: None,
            size: None,
            website: None,
            industry: None,
            monthly_spend: 0,
            session_count: 0,
            user_count: 0,
            custom_attributes: Map::new(),
            tags: Vec::new(),
            segments: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Whether lists and the scroll show it: a company without contacts is invisible.
    pub(crate) fn is_visible(&self) -> bool {
        !self.deleted && self.user_count > 0
    }

    /// The id by which the API knows this company.
    pub(crate) fn id(&self, seed: u64) -> String {
        identifiers::encode(seed, Kind::Company, self.number)
    }

    /// This company as the API renders it; `tag_name` gives the name of a tag by its id, `segment` a segment by its number.
    pub(crate) fn body<'a>(
        &'a self,
        seed: u64,
        app_id: &'a str,
        tag_name: impl Fn(u64) -> Option<&'a str>,
        segment: impl Fn(u64) -> Value,
    ) -> CompanyBody<'a> {
        let tags = self.tags.iter().filter_map(|id| {
            Some(TagReference {
                kind: "tag",
                id: id.to_string(),
                name: tag_name(*id)?,
            })
        });
        CompanyBody {
            kind: "company",
            company_id: &self.company_id,
            id: self.id(seed),
            app_id,
            name: self.name.as_deref(),
            remote_created_at: self.remote_created_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
            last_request_at: self.last_request_at,
            size: self.size,
            website: self.website.as_deref(),
            industry: self.industry.as_deref(),
            monthly_spend: self.monthly_spend,
            session_count: self.session_count,
            user_count: self.user_count,
            tags: TagList {
                kind: "tag.list",
                tags: tags.collect(),
            },
            segments: SegmentList {
                kind: "segment.list",
                segments: self.segments.iter().copied().map(segment).collect(),
            },
            plan: self.plan.as_deref().map_or(Plan::default(), |name| Plan {
                kind: Some("plan"),
                id: Some(plan_id(name).to_string()),
                name: Some(name),
            }),
            custom_attributes: &self.custom_attributes,
        }
    }
}

/// A plan has an id of its own; the same name always has the same.
fn plan_id(name: &str) -> u64 {
    name.bytes()
        .fold(1_u64, |id, byte| (id * 31 + u64::from(byte)) % 1_000_000)
}

/// A company as JSON. Unset size, website, industry and last request are absent, not null.
#[derive(Serialize)]
pub(crate) struct CompanyBody<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    company_id: &'a str,
    id: String,
    app_id: &'a str,
    name: Option<&'a str>,
    remote_created_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_request_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    website: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    industry: Option<&'a str>,
    monthly_spend: i64,
    session_count: i64,
    user_count: i64,
    tags: TagList<'a>,
    segments: SegmentList,
    plan: Plan<'a>,
    custom_attributes: &'a Map<String, Value>,
}

#[derive(Default, Serialize)]
struct Plan<'a> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct TagList<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    tags: Vec<TagReference<'a>>,
}

#[derive(Serialize)]
struct TagReference<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    name: &'a str,
}

#[derive(Serialize)]
struct SegmentList {
    #[serde(rename = "type")]
    kind: &'static str,
    segments: Vec<Value>,
}

impl Generator {
    /// Generated company `number`.
    pub(crate) fn company(&self, number: u64) -> Company {
        let dice = Dice::new(self.seed, COMPANY_DICE, number);
        let updated_at = self.epoch - 1 - dice.seconds(1, SPAN);
        let last_request_at = self.last_request_at(number);
        let created_at =
            last_request_at.unwrap_or(updated_at).min(updated_at) - dice.seconds(2, SPAN);
        let (founder, _) = dice.pick(3, FIRST_NAMES);
        let industry = dice.pick(4, INDUSTRIES);
        let mut custom_attributes = Map::new();
        let mut set = |name: &str, value: Value| custom_attributes.insert(name.to_owned(), value);
        set(
            names::ACCOUNT_TIER,
            dice.pick(5, &["gold", "silver", "bronze"]).into(),
        );
        set(
            names::REVENUE,
            (dice.roll(6, 100_000_000) as f64 / 100.0).into(),
        );
        set(names::ONBOARDED, dice.chance(7, 60).into());
        set(
            names::SLOGAN,
            dice.pick(8, &["Über \"alles\"", "We ❤️ data", "Line\nbreak"])
                .into(),
        );
        Company {
            number,
            deleted: false,
            company_id: format!("company-{number}"),
            name: Some(format!("{founder} & Söhne {number}")),
            plan: dice.chance(10, 60).then(|| dice.pick(11, PLANS).to_owned()),
            remote_created_at: Some(created_at),
            created_at,
            updated_at,
            last_request_at,
            size: dice.chance(13, 50).then(|| dice.seconds(14, 10_000)),
            website: dice
                .chance(15, 50)
                .then(|| format!("https://company-{number}.example")),
            industry: dice.chance(16, 50).then(|| industry.to_owned()),
            monthly_spend: dice.seconds(17, 50_000),
            session_count: dice.seconds(18, 10_000),
            user_count: self.user_count(number),
            custom_attributes,
            tags: dice
                .some(19, dice.roll(9, 4), self.tags)
                .map(|index| FIRST_TAG_ID + index)
                .collect(),
            segments: self.segments_of_company(number),
            notes: self.notes_about(Subject::Company(number), dice, created_at),
        }
    }

    /// The generated company with this key.
    pub(crate) fn number_of_company_id(&self, company_id: &str) -> Option<u64> {
        let digits = company_id.strip_prefix("company-")?;
        let number: u64 = digits.parse().ok()?;
        (number < self.companies && number.to_string() == digits).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::options::Options;

    #[test]
    fn what_is_unset_is_absent_and_a_plan_is_an_object() {
        let generator = Generator::new(&Options::default());
        let mut seen = [false; 4];
        for number in 0..100 {
            let company = generator.company(number);
            let body = company.body(1, "w", |_| Some("name"), Value::from);
            let body = serde_json::to_value(body).unwrap();
            for (seen, name) in
                seen.iter_mut()
                    .zip(["size", "website", "industry", "last_request_at"])
            {
                *seen |= body.get(name).is_none();
                assert!(body.get(name).is_none_or(|value| !value.is_null()));
            }
            assert!(body["plan"].is_object());
            assert_eq!(
                generator.number_of_company_id(&company.company_id),
                Some(number)
            );
        }
        assert_eq!(seen, [true; 4]);
        assert_eq!(generator.number_of_company_id("company-007"), None);
        assert_eq!(generator.number_of_company_id("company-100"), None);
    }
}
