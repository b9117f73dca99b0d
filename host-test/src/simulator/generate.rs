//! Arithmetic from which generated data comes: the same seed, object and question always give the same answer.

use super::identifiers::mix;

/// Two years: generated objects were last changed within this time before the epoch.
pub(crate) const SPAN: i64 = 2 * 365 * 86_400;

/// Answers questions about one generated object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of object `number` of a kind (any constant) in a workspace.
    pub(crate) fn new(seed: u64, kind: u64, number: u64) -> Dice {
        Dice(mix(mix(seed ^ mix(kind)) ^ number))
    }

    /// A number below `bound` for this question (any constant). Zero when the bound is zero.
    pub(crate) fn roll(self, question: u64, bound: u64) -> u64 {
        // The bias of the remainder is far below anything a test could see.
        mix(self.0 ^ question.wrapping_mul(0xd6e8_feb8_6659_fd93))
            .checked_rem(bound)
            .unwrap_or(0)
    }

    /// Whether something holds that holds for `percent` of the objects.
    pub(crate) fn chance(self, question: u64, percent: u64) -> bool {
        self.roll(question, 100) < percent
    }

    /// One of several choices; the default of the type when there is none.
    pub(crate) fn pick<T: Copy + Default>(self, question: u64, choices: &[T]) -> T {
        let index = self.roll(question, choices.len() as u64);
        choices.get(index as usize).copied().unwrap_or_default()
    }

    /// How long a list of this object is: for half of the objects nothing, for most of the others `usual` or less; for
    /// three in a hundred more than the ten that are shown inside an object, for one of those more than a page of fifty.
    /// Nothing at all when `usual` is zero. Takes this question and the next.
    pub(crate) fn length(self, question: u64, usual: u64) -> u64 {
        let beyond = |least: u64, room: u64| least + self.roll(question + 1, room);
        match self.roll(question, 200) {
            _ if usual == 0 => 0,
            0..2 => beyond(51, 30),
            2..8 => beyond(11, 20),
            8..100 => beyond(1, usual),
            _ => 0,
        }
    }

    /// So many of `count` things, in a row from one of them; all of them when there are no more.
    pub(crate) fn some(self, question: u64, wanted: u64, count: u64) -> impl Iterator<Item = u64> {
        let first = self.roll(question, count);
        (0..wanted.min(count)).map(move |step| (first + step) % count)
    }

    /// A number of seconds below `bound`; zero when there is no room.
    pub(crate) fn seconds(self, question: u64, bound: i64) -> i64 {
        let bound = u64::try_from(bound).unwrap_or(0);
        i64::try_from(self.roll(question, bound)).unwrap_or(0)
    }
}

/// First names, and how each is written in an email address.
pub(crate) const FIRST_NAMES: &[(&str, &str)] = &[
    ("Ada", "ada"),
    ("José", "jose"),
    ("Zoë", "zoe"),
    ("Łukasz", "lukasz"),
    ("Søren", "soren"),
    ("Siobhán", "siobhan"),
    ("美咲", "misaki"),
    ("Ольга", "olga"),
    ("يوسف", "yusuf"),
    ("Grace", "grace"),
    ("Noor", "noor"),
    ("Mário", "mario"),
    ("Élodie", "elodie"),
    ("Ravi", "ravi"),
    ("Anne-Marie", "anne-marie"),
    ("Björk", "bjork"),
];

/// Last names, and how each is written in an email address.
pub(crate) const LAST_NAMES: &[(&str, &str)] = &[
    ("Lovelace", "lovelace"),
    ("O'Brien", "obrien"),
    ("Müller", "muller"),
    ("Nguyễn", "nguyen"),
    ("García Márquez", "garcia"),
    ("佐藤", "sato"),
    ("van der Berg", "vanderberg"),
    ("Kowalczyk", "kowalczyk"),
    ("Åkesson", "akesson"),
    ("Smith", "smith"),
    ("Okonkwo", "okonkwo"),
    ("Петрова", "petrova"),
];

/// Domains reserved for examples, so that no generated address belongs to a person.
pub(crate) const DOMAINS: &[&str] = &[
    "example.com",
    "example.org",
    "mail.example.net",
    "corp.example",
];

/// Places: country, region, city, country code, continent code.
pub(crate) const PLACES: &[(&str, &str, &str, &str, &str)] = &[
    ("United States", "California", "San Francisco", "USA", "NA"),
    ("Ireland", "Dublin", "Dublin", "IRL", "EU"),
    ("Deutschland", "Bayern", "München", "DEU", "EU"),
    ("Brazil", "São Paulo", "São Paulo", "BRA", "SA"),
    ("Japan", "Tokyo", "東京", "JPN", "AS"),
    ("Australia", "New South Wales", "Sydney", "AUS", "OC"),
    ("Côte d'Ivoire", "Abidjan", "Abidjan", "CIV", "AF"),
];

/// Browsers and the systems they run on.
pub(crate) const BROWSERS: &[(&str, &str, &str)] = &[
    ("chrome", "126.0.6478.127", "OS X 10.15.7"),
    ("firefox", "127.0", "Windows 10"),
    ("safari", "17.5", "iOS 17.5.1"),
    ("edge", "126.0.2592.68", "Windows 11"),
];

/// Subscription plans that a `plan_tier` attribute or a company's plan names.
pub(crate) const PLANS: &[&str] = &["free", "starter", "pro", "enterprise"];

/// Industries of companies.
pub(crate) const INDUSTRIES: &[&str] = &[
    "SaaS",
    "Ecommerce",
    "Health & Care",
    "Manufacturing",
    "Éducation",
];

/// Texts with everything a JSON writer has to escape.
pub(crate) const REMARKS: &[&str] = &[
    "Prefers email",
    "Said \"call me\" twice",
    "Line one\nLine two\twith a tab",
    "Loves emoji 🎉👩‍💻",
    "Path C:\\Users\\ada",
    "Ünïcödé & <b>markup</b>",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_has_the_same_answer() {
        let dice = Dice::new(1, 2, 3);
        assert_eq!(
            dice.roll(4, 1_000_000),
            Dice::new(1, 2, 3).roll(4, 1_000_000)
        );
        assert_ne!(dice.roll(4, u64::MAX), Dice::new(9, 2, 3).roll(4, u64::MAX));
        assert_eq!(dice.roll(4, 0), 0);
        assert_eq!(dice.seconds(4, -5), 0);
    }

    #[test]
    fn most_lists_are_short_and_a_few_are_long() {
        let lengths: Vec<u64> = (0..10_000)
            .map(|number| Dice::new(1, 1, number).length(5, 2))
            .collect();
        let count = |from: u64, to: u64| {
            let within = lengths.iter().filter(|length| (from..to).contains(*length));
            within.count()
        };
        assert!((4_700..5_300).contains(&count(0, 1)));
        assert!((4_300..4_900).contains(&count(1, 3)));
        assert!(count(3, 11) == 0 && count(11, 51) > 200 && count(51, 81) > 60);
        assert_eq!(Dice::new(1, 1, 1).length(5, 0), 0);
    }

    #[test]
    fn some_are_never_more_than_there_are() {
        let dice = Dice::new(1, 1, 1);
        let mut all: Vec<u64> = dice.some(5, 9, 4).collect();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3]);
        assert_eq!(dice.some(5, 9, 0).count(), 0);
        assert_eq!(dice.some(5, 2, 4).count(), 2);
    }

    #[test]
    fn chances_come_out_about_right() {
        let hits = (0..10_000)
            .filter(|number| Dice::new(1, 1, *number).chance(1, 70))
            .count();
        assert!((6_800..7_200).contains(&hits), "{hits}");
    }
}
