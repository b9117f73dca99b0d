//! What is measured, and what it may cost. The budgets were set on a machine where the sandbox bench's yardstick takes 2.5 ms.

/// One command of the host against one workspace.
pub struct Case {
    pub name: &'static str,
    /// The command: `check`, or `read` with streams.
    pub command: &'static [&'static str],
    /// The simulator's options.
    pub simulator: &'static [&'static str],
    /// The streams and their rows, which have to come out.
    pub rows: &'static [(&'static str, Rows)],
    pub runs: usize,
    /// Processor time in seconds, at most.
    pub seconds: Option<f64>,
    /// Peak memory in megabytes, at most.
    pub megabytes: Option<f64>,
    /// Duration in seconds, at most.
    pub duration: Option<f64>,
}

/// How many rows have to come out.
#[derive(Clone, Copy)]
pub enum Rows {
    /// So many.
    Exactly(u64),
    /// So many, more or less a tenth: their number is up to chance.
    About(u64),
}

impl Rows {
    pub fn number(self) -> u64 {
        match self {
            Self::Exactly(rows) | Self::About(rows) => rows,
        }
    }

    pub fn are(self, found: u64) -> bool {
        match self {
            Self::Exactly(rows) => found == rows,
            Self::About(rows) => found.abs_diff(rows) <= rows / 10,
        }
    }
}

/// What a run cost.
pub struct Cost {
    /// Processor time.
    pub seconds: f64,
    /// Peak memory.
    pub megabytes: f64,
    /// From the start to the end.
    pub duration: f64,
}

impl Case {
    pub fn is_exceeded(&self, cost: &Cost) -> bool {
        let over = |figure: f64, budget: Option<f64>| budget.is_some_and(|budget| figure > budget);
        over(cost.seconds, self.seconds)
            || over(cost.megabytes, self.megabytes)
            || over(cost.duration, self.duration)
    }
}

const BASE: Case = Case {
    name: "",
    command: &[],
    simulator: &[],
    rows: &[],
    runs: 5,
    seconds: None,
    megabytes: None,
    duration: None,
};

pub const CASES: &[Case] = &[
    Case {
        name: "100,000 contacts",
        command: &["read", "contacts"],
        simulator: &["--contacts", "100000"],
        rows: &[("contacts", Rows::Exactly(100_000))],
        seconds: Some(1.1),
        megabytes: Some(60.0),
        ..BASE
    },
    Case {
        name: "5,000 conversations with 100,000 parts",
        command: &["read", "conversations", "conversation_parts"],
        simulator: &[
            "--conversations",
            "5000",
            "--conversation-parts",
            "20",
            "--largest-conversation",
            "0",
        ],
        rows: &[
            ("conversations", Rows::Exactly(5_000)),
            ("conversation_parts", Rows::About(100_000)),
        ],
        seconds: Some(0.9),
        megabytes: Some(60.0),
        ..BASE
    },
    Case {
        name: "20,000 companies",
        command: &["read", "companies"],
        simulator: &["--companies", "20000", "--contacts", "20000"],
        rows: &[("companies", Rows::About(20_000))],
        seconds: Some(0.15),
        ..BASE
    },
    Case {
        name: "check",
        command: &["check"],
        seconds: Some(0.05),
        ..BASE
    },
    Case {
        name: "600 conversations, answers after 100 ms",
        command: &["read", "conversation_parts"],
        simulator: &[
            "--conversations",
            "600",
            "--latency",
            "100ms",
            "--largest-conversation",
            "0",
        ],
        runs: 3,
        duration: Some(3.5),
        ..BASE
    },
    Case {
        name: "10,000 contacts",
        command: &["read", "contacts"],
        simulator: &["--contacts", "10000"],
        rows: &[("contacts", Rows::Exactly(10_000))],
        megabytes: Some(60.0),
        ..BASE
    },
    Case {
        name: "1,000,000 contacts",
        command: &["read", "contacts"],
        simulator: &["--contacts", "1000000"],
        rows: &[("contacts", Rows::Exactly(1_000_000))],
        runs: 1,
        megabytes: Some(60.0),
        ..BASE
    },
];
