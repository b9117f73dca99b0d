use super::trouble::Trouble;
use super::workload::Workload;

/// When, within a request, the host dies.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    /// The request is out and nobody has looked at it; all answers before it are stored.
    Asking,
    /// The service has done its work, and the answer is lost.
    Unanswered,
    /// The answer may be on its way, being read, being stored, or just stored.
    Answered,
}

pub const MOMENTS: [Moment; 3] = [Moment::Asking, Moment::Unanswered, Moment::Answered];

/// Where a run is killed.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    Once(u64, Moment),
    /// At an early request, then at a later one of the next run, and so on until a run comes through.
    Growing,
    /// After every single page of one stream. (A scroll cannot go on in another process, and a sync of several streams
    /// begins with the first one again.)
    EachPage,
}

/// All places of a workload under a trouble.
pub fn places(workload: &Workload, trouble: &Trouble) -> Vec<Place> {
    // Retries make a disturbed sync longer; a place behind its end is one more undisturbed end.
    let longest = match trouble {
        Trouble::Nothing | Trouble::Changes => workload.requests,
        Trouble::Fault(_) => workload.requests + 8,
    };
    let mut places = vec![Place::Growing, Place::EachPage];
    for request in 1..=longest {
        places.extend(MOMENTS.map(|moment| Place::Once(request, moment)));
    }
    places
}
