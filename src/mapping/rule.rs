//! Rules as they are compiled: where a value comes from, what becomes of it, and where it goes.

use super::condition::Condition;
use super::path::{COMPANY, TRANSCRIPT, Type, value_at};
use super::transform::{Item, Step};
use crate::intercom::streams::Stream;
use crate::mapping::packed::{Packer, Unpacker};
use crate::prelude::*;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A path in the record.
    Path(String),
    /// A value of the mapping itself, as JSON.
    Literal(String),
}

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Where the value comes from: the first that is there, or all of them where the first step takes all.
    pub from: Vec<Source>,
    /// The target, a dotted path. With `[]` at its end the value is put into a list; with `*`, each member of the object goes to
    /// a target of its own, its name in place of the star.
    pub to: String,
    /// What is given where there is no value, as JSON.
    pub default: Option<String>,
    /// The type that the value has to have in the end.
    pub kind: Type,
    /// What becomes of the value, in order.
    pub pipeline: Vec<Step>,
    /// When the rule applies.
    pub when: Option<Condition>,
}

/// Which company is meant where a contact has several.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum WhichCompany {
    /// The one that was made last.
    #[default]
    Newest,
    /// The one that is listed first.
    First,
    /// The one of this name.
    Named(String),
}

impl WhichCompany {
    /// The one that is meant among the canonical records of a contact's companies, in the contact's order.
    pub fn of<'c>(&self, companies: &[&'c str]) -> Option<&'c str> {
        let mut known = companies.iter().copied();
        match self {
            Self::First => known.next(),
            Self::Named(name) => known.find(|company| {
                let found = value_at(company, "name").map(Item::of);
                found == Some(Item::text(name.as_str()))
            }),
            // Of several that are as new, the first one.
            Self::Newest => known.reduce(|newest, other| {
                let made = |company: &str| value_at(company, "created_at")?.parse::<i64>().ok();
                if made(other) > made(newest) {
                    other
                } else {
                    newest
                }
            }),
        }
    }
}

/// The mapping of one stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// The stream's name.
    pub stream: String,
    /// The rules, those of one object of the result side by side.
    pub rules: Vec<Rule>,
    /// Targets that have to be there.
    pub required: Vec<String>,
    /// Whether targets are given that have no value, or an empty text or list.
    pub nulls: bool,
    /// Whether a record that has custom attributes which no rule names is no good.
    pub strict: bool,
    /// Which company `company.` means.
    pub company: WhichCompany,
    /// Which records are given at all.
    pub when: Option<Condition>,
}

/// The member that holds what a target takes: `tags` is the place of `tags` and of `tags[]`.
pub fn held(target: &str) -> &str {
    target.strip_suffix("[]").unwrap_or(target)
}

impl Rule {
    /// A rule that gives a value as it is.
    pub fn plain(from: Vec<Source>, to: String) -> Self {
        Self {
            from,
            to,
            default: None,
            kind: Type::Any,
            pipeline: Vec::new(),
            when: None,
        }
    }

    /// The paths that it takes its value from.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.from.iter().filter_map(|source| match source {
            Source::Path(path) => Some(path.as_str()),
            Source::Literal(_) => None,
        })
    }

    /// A copy, by way of the packed form: code for copies of all that is in a rule would be twice as long as this.
    pub fn copied(&self) -> Option<Self> {
        let mut packer = Packer::default();
        self.pack(&mut packer);
        Self::unpack(&mut Unpacker(&packer.0))
    }

    fn pack(&self, packer: &mut Packer) {
        packer.all(&self.from, |packer, source| match source {
            Source::Path(path) => {
                packer.number(0);
                packer.text(path);
            }
            Source::Literal(json) => {
                packer.number(1);
                packer.text(json);
            }
        });
        packer.text(&self.to);
        packer.some(self.default.as_ref(), |packer, text| packer.text(text));
        let kind = Type::ALL.iter().position(|(_, kind)| *kind == self.kind);
        packer.number(kind.unwrap_or_default());
        packer.all(&self.pipeline, |packer, step| step.pack(packer));
        packer.some(self.when.as_ref(), |packer, when| when.pack(packer));
    }

    fn unpack(unpacker: &mut Unpacker) -> Option<Self> {
        let from = unpacker.all(|unpacker| match unpacker.number()? {
            0 => Some(Source::Path(unpacker.text()?)),
            _ => Some(Source::Literal(unpacker.text()?)),
        })?;
        let to = unpacker.text()?;
        // Most rules say no more than that.
        if let Some(rest) = unpacker.0.strip_prefix(&[0; 4]) {
            unpacker.0 = rest;
            return Some(Self::plain(from, to));
        }
        Some(Self {
            from,
            to,
            default: unpacker.some(|unpacker| unpacker.text())?,
            kind: Type::ALL.get(unpacker.number()?)?.1,
            pipeline: unpacker.all(Step::unpack)?,
            when: unpacker.some(Condition::unpack)?,
        })
    }
}

impl Section {
    /// Calls back with every path of it, conditions' too.
    pub fn paths<'a>(&'a self, each: &mut dyn FnMut(&'a str)) {
        for rule in &self.rules {
            rule.paths().for_each(&mut *each);
            rule.when.iter().for_each(|when| when.paths(each));
        }
        self.when.iter().for_each(|when| when.paths(each));
    }

    /// How much that records do not hold has to be read for each of them: the companies of a contact, the transcript of a call.
    pub fn joins(&self) -> usize {
        let mut joins = false;
        self.paths(&mut |path| joins |= self.is_joined(path));
        match self.company {
            _ if !joins => 0,
            WhichCompany::First => 1,
            _ => usize::MAX,
        }
    }

    fn is_joined(&self, path: &str) -> bool {
        match self.stream.as_str() {
            "contacts" => path.starts_with(COMPANY),
            "calls" => path.split('.').next() == Some(TRANSCRIPT),
            _ => false,
        }
    }

    /// Whether what records do not hold decides which of them are given.
    pub fn chooses_by_joined(&self) -> bool {
        let mut chooses = false;
        let mut each = |path: &str| chooses |= self.is_joined(path);
        self.when.iter().for_each(|when| when.paths(&mut each));
        chooses
    }

    /// Nothing has to be there that comes from what records do not hold.
    pub fn ask_for_no_joined(&mut self) {
        let mut required = core::mem::take(&mut self.required);
        required.retain(|target| {
            let mut rules = self
                .rules
                .iter()
                .filter(|rule| rule.to.starts_with(&**target));
            !rules.any(|rule| rule.paths().any(|path| self.is_joined(path)))
        });
        self.required = required;
    }

    /// Whether it asks for rows of another stream that records may embed.
    pub fn embeds(&self, stream: &Stream) -> bool {
        let embedded = stream.embedded();
        let mut embeds = false;
        self.paths(&mut |path| {
            let behind = path.strip_prefix(embedded).map(str::as_bytes);
            embeds |= matches!(behind, Some([] | [b'.', ..]));
        });
        embeds
    }

    /// A copy, as [`Rule::copied`].
    pub fn copied(&self) -> Option<Self> {
        let mut packer = Packer::default();
        self.pack(&mut packer);
        Self::unpack(&mut Unpacker(&packer.0))
    }

    /// Packs it.
    pub fn pack(&self, packer: &mut Packer) {
        packer.text(&self.stream);
        packer.all(&self.rules, |packer, rule| rule.pack(packer));
        packer.texts(&self.required);
        packer.number(self.nulls.into());
        packer.number(self.strict.into());
        let (company, name) = match &self.company {
            WhichCompany::Newest => (0, ""),
            WhichCompany::First => (1, ""),
            WhichCompany::Named(name) => (2, name.as_str()),
        };
        packer.number(company);
        packer.text(name);
        packer.some(self.when.as_ref(), |packer, when| when.pack(packer));
    }

    /// Reads what [`Section::pack`] wrote.
    pub fn unpack(unpacker: &mut Unpacker) -> Option<Self> {
        Some(Self {
            stream: unpacker.text()?,
            rules: unpacker.all(Rule::unpack)?,
            required: unpacker.texts()?,
            nulls: unpacker.number()? == 1,
            strict: unpacker.number()? == 1,
            company: match (unpacker.number()?, unpacker.text()?) {
                (0, _) => WhichCompany::Newest,
                (1, _) => WhichCompany::First,
                (_, name) => WhichCompany::Named(name),
            },
            when: unpacker.some(Condition::unpack)?,
        })
    }
}
