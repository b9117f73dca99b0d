//! Numbered lists of which rows come, change and go while they are walked, in whatever order they stand.

use super::*;

/// A numbered list of articles.
#[derive(Debug)]
struct List {
    now: i64,
    per_page: usize,
    order: Order,
    /// Ids, with the second of the last change.
    rows: BTreeMap<u32, i64>,
    next_id: u32,
}

#[derive(Clone, Copy, Debug)]
enum Order {
    OldestFirst,
    NewestFirst,
    ChangedLast,
    ChangedFirst,
}

impl List {
    fn in_order(&self) -> Vec<(u32, i64)> {
        let mut rows: Vec<(u32, i64)> = self.rows.iter().map(|(id, at)| (*id, *at)).collect();
        if matches!(self.order, Order::ChangedLast | Order::ChangedFirst) {
            rows.sort_by_key(|(id, at)| (*at, *id));
        }
        if matches!(self.order, Order::NewestFirst | Order::ChangedFirst) {
            rows.reverse();
        }
        rows
    }

    fn change(&mut self, (kind, pick, pause): (u8, usize, i64)) {
        self.now += pause;
        let ids: Vec<u32> = self.rows.keys().copied().collect();
        let picked = ids.get(pick % ids.len().max(1)).copied();
        match (kind, picked) {
            (0, Some(id)) => drop(self.rows.remove(&id)),
            (1, Some(id)) => drop(self.rows.insert(id, self.now)),
            _ => {
                self.rows.insert(self.next_id, self.now);
                self.next_id += 1;
            }
        }
    }

    fn answer(&self, request: &Request) -> Answer {
        assert_conforms(request);
        let (_, query) = request.target.split_once('?').unwrap();
        let mut pairs = query.split('&');
        let page = pairs.find_map(|pair| pair.strip_prefix("page="));
        let page: usize = page.map_or(1, |page| page.parse().unwrap());
        let shown = self.in_order();
        let pages = shown.len().div_ceil(self.per_page);
        let shown = shown
            .chunks(self.per_page)
            .nth(page - 1)
            .unwrap_or_default();
        let rows: Vec<Value> = shown
            .iter()
            .map(|(id, at)| json!({ "type": "article", "id": id, "updated_at": at }))
            .collect();
        let body = json!({
            "type": "list", "data": rows, "total_count": self.rows.len(),
            "pages": { "type": "pages", "page": page, "per_page": self.per_page, "total_pages": pages },
        });
        let model = Model {
            now: self.now,
            ..Model::default()
        };
        model.ok(&body)
    }

    fn ask(&self, cursor: Option<Vec<u8>>) -> Page {
        let request = request("articles", Selection::All, cursor);
        let mut operation = ReadPage::new(connection(), request);
        let mut input = Input::Start;
        loop {
            let moment = Moment {
                unix_ms: self.now * 1_000,
                elapsed_ms: 0,
                memory: 0,
            };
            input = match operation.step(moment, input) {
                Step::Send(requests, _) => {
                    Input::Answers(requests.iter().map(|one| self.answer(one)).collect())
                }
                Step::Done(output) => return output.unwrap(),
                other => panic!("unexpected step: {other:?}"),
            };
        }
    }

    /// Reads to the end, with changes behind each page; gives what came, and the last page.
    fn scan(
        &mut self,
        mut cursor: Option<Vec<u8>>,
        mut change: impl FnMut(&mut Self),
    ) -> (Vec<(u32, i64)>, Page) {
        let (mut given, mut again) = (Vec::new(), false);
        for _ in 0..1_000 {
            let page = self.ask(cursor);
            if page.restarted {
                given.clear();
                again = true;
            }
            given.extend(page.entries.iter().map(|entry| {
                let second = entry.updated_at_ms.unwrap() / 1_000;
                (entry.key.parse().unwrap(), second)
            }));
            if page.next.is_none() {
                return (given, page);
            }
            cursor = page.next;
            // Within the one second of the first page nothing is told from what was there before it.
            self.now += i64::from(again);
            change(self);
        }
        panic!("the walk does not end");
    }
}

fn list(order: Order, per_page: usize, rows: u32) -> List {
    List {
        now: NOON + 100_000,
        per_page,
        order,
        rows: (0..rows).map(|id| (id, NOON + i64::from(id))).collect(),
        next_id: rows,
    }
}

fn orders() -> impl Strategy<Value = Order> {
    prop_oneof![
        Just(Order::OldestFirst),
        Just(Order::NewestFirst),
        Just(Order::ChangedLast),
        Just(Order::ChangedFirst),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// Whatever comes, changes and goes during scans: what is there in the end was given as it is in the end, and a scan
    /// that says that it was everything left out nothing that was there all the time.
    #[test]
    fn rows_that_move_are_not_lost(
        order in orders(),
        // As many rows at least as can change between two pages.
        per_page in 2usize..5,
        rows in 1u32..16,
        changes in prop::collection::vec(prop::option::of((0u8..3, 0usize..20, 0i64..3)), 1..30),
    ) {
        let mut list = list(order, per_page, rows);
        let mut changes = changes.into_iter();
        let mut given: BTreeSet<(u32, i64)> = BTreeSet::new();
        let mut cursor = None;
        // Two more scans when nothing changes any more: a busy list is read again.
        let mut quiet = 0;
        while quiet < 2 {
            if changes.len() == 0 {
                quiet += 1;
                list.now += LAG_SECONDS;
            }
            let before: Vec<u32> = list.rows.keys().copied().collect();
            let (came, last) = list.scan(cursor, |list| {
                // Now and then nothing happens, and now and then two things at once.
                for change in changes.by_ref().take(2).flatten() {
                    list.change(change);
                }
            });
            if last.complete_snapshot {
                for id in before.iter().filter(|id| list.rows.contains_key(id)) {
                    prop_assert!(came.iter().any(|(key, _)| key == id), "{id} is left out: {list:?}");
                }
            }
            given.extend(came);
            cursor = last.checkpoint;
            // A list of one page gives no occasion.
            if let Some(Some(change)) = changes.next() {
                list.change(change);
            }
        }
        for (id, at) in &list.rows {
            prop_assert!(given.contains(&(*id, *at)), "{id} of {} is lost: {list:?}", at - NOON);
        }
    }
}

/// A row goes from the front and another one joins the end: the list is as long as before, and one moved back unseen.
#[test]
fn a_list_that_lost_a_row_and_got_another_is_walked_again() {
    let mut list = list(Order::OldestFirst, 2, 6);
    let mut changes = vec![(2, 0, 5), (0, 0, 5)];
    let (given, last) = list.scan(None, |list| {
        changes.drain(..).for_each(|change| list.change(change));
    });
    let ids: Vec<u32> = given.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6]);
    assert!(last.complete_snapshot);
}

/// Rows that join the end take nothing away.
#[test]
fn a_list_that_grows_is_walked_once() {
    let mut list = list(Order::OldestFirst, 2, 6);
    let mut pages = 0;
    let (given, last) = list.scan(None, |list| {
        pages += 1;
        if pages < 3 {
            list.change((2, 0, 5));
        }
    });
    assert_eq!((given.len(), pages), (8, 3));
    assert!(last.complete_snapshot);
}

/// One that never holds still is left in the end, and read again by the next scan as if this one had not been.
#[test]
fn what_never_holds_still_moves_no_position() {
    let mut list = list(Order::OldestFirst, 2, 12);
    let (_, first) = list.scan(None, |_| {});
    let mark = first.checkpoint.unwrap();
    list.now += LAG_SECONDS;
    let (_, last) = list.scan(Some(mark.clone()), |list| {
        list.change((2, 0, 1));
        list.change((0, 0, 1));
    });
    assert_eq!(last.checkpoint, Some(mark));
    assert!(last.notices.iter().any(|notice| notice.kind == "repeat"));
    assert!(!last.complete_snapshot);
}
