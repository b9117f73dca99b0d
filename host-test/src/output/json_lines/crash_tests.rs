//! What a process that dies leaves behind, step by step. Every directory that it can leave is made out of the one from before
//! and the one from after what it was at.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::tests::{deliver, entry, keys_of, lines, open, page, position};
use super::*;
use crate::position::NewEnd;

const STATE: &str = ".state.json";
const SYNCED: &str = ".state.json.synced";
const RECEIPTS: &str = ".deliveries.jsonl";

/// The content of every file of a directory.
type Image = BTreeMap<String, Vec<u8>>;

fn image(directory: &Path) -> Image {
    let files = fs::read_dir(directory).unwrap().map(Result::unwrap);
    let content = files.map(|file| {
        let name = file.file_name().into_string().unwrap();
        (name, fs::read(file.path()).unwrap())
    });
    content
        .filter(|(name, _)| !name.ends_with(".lock"))
        .collect()
}

fn directory_of(image: &Image) -> written::Folder {
    let directory = written::Folder::new();
    for (name, content) in image {
        fs::write(directory.path().join(name), content).unwrap();
    }
    directory
}

/// Every image on the way from one to another when its files are written in this order, each byte by byte. The states are
/// replaced as a whole.
fn images_between(before: &Image, after: &Image, order: &[&str]) -> Vec<Image> {
    let mut images = vec![before.clone()];
    let mut reached = before.clone();
    for name in order {
        let (old, new) = (
            before.get(*name).cloned().unwrap_or_default(),
            &after[*name],
        );
        let starts = if name.starts_with(STATE) {
            new.len()
        } else {
            old.len()
        };
        for length in starts..=new.len() {
            reached.insert((*name).to_owned(), new[..length].to_vec());
            images.push(reached.clone());
        }
    }
    images
}

/// A directory with a scan under way and a webhook in it.
fn begun() -> (written::Folder, JsonLines) {
    let directory = written::Folder::new();
    let mut output = open(directory.path());
    output.begin("companies", ScanStart::New).unwrap();
    let walked = [entry("companies", "a", "{}"), entry("companies", "b", "{}")];
    output
        .commit(page("companies", &walked, &position(Some("1n"), None)))
        .unwrap();
    deliver(&mut output, "d1", &[entry("companies", "hook", "{}")]);
    (directory, output)
}

#[test]
fn a_delivery_that_a_crash_cut_off_is_stored_once_when_it_comes_again() {
    let (directory, mut output) = begun();
    let hook = [
        entry("companies", "x", "{}"),
        entry("contacts", "y", "{}"),
        entry("companies", "z", "{}"),
    ];
    // The file of contacts is known before anything is written into it.
    output.open_file("contacts").unwrap();
    let before = image(directory.path());
    assert!(deliver(&mut output, "d2", &hook));
    let after = image(directory.path());
    let order = ["companies.jsonl", "contacts.jsonl", RECEIPTS, SYNCED, STATE];
    let images = images_between(&before, &after, &order);
    assert!(images.len() > 200, "{}", images.len());
    for image in images {
        let directory = directory_of(&image);
        let mut output = open(directory.path());
        let stored = image[STATE] == after[STATE];
        assert_eq!(deliver(&mut output, "d2", &hook), !stored);
        assert!(!deliver(&mut output, "d1", &hook));
        let keys = |stream| keys_of(&lines(directory.path(), stream));
        assert_eq!(keys("companies"), ["a", "b", "hook", "x", "z"]);
        assert_eq!(keys("contacts"), ["y"]);
        assert_eq!(image_of_receipts(directory.path()), 2);
    }
}

fn image_of_receipts(directory: &Path) -> usize {
    lines(directory, receipts::FILE).len()
}

#[test]
fn a_page_that_a_crash_cut_off_is_there_whole_or_not_at_all() {
    let (directory, mut output) = begun();
    let before = image(directory.path());
    let walked = [entry("companies", "c", "{}"), entry("companies", "d", "{}")];
    let middle = position(Some("1m"), None);
    output.commit(page("companies", &walked, &middle)).unwrap();
    let after = image(directory.path());
    for image in images_between(&before, &after, &["companies.jsonl", STATE]) {
        let directory = directory_of(&image);
        let output = open(directory.path());
        let stored = &output.state().streams["companies"].positions[&b'1'];
        let keys = keys_of(&lines(directory.path(), "companies"));
        match stored.next.as_deref() {
            Some(b"1n") => assert_eq!(keys, ["a", "b", "hook"]),
            Some(b"1m") => assert_eq!(keys, ["a", "b", "hook", "c", "d"]),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_walk_that_starts_over_is_taken_back_whole_or_not_at_all() {
    let (directory, mut output) = begun();
    let before = image(directory.path());
    let again = [entry("companies", "b", "{}")];
    let fresh = position(Some("1f"), None);
    let mut restarted = page("companies", &again, &fresh);
    restarted.restarted = true;
    output.commit(restarted).unwrap();
    drop(output);
    let after = image(directory.path());
    let (old, new) = (&before["companies.jsonl"], &after["companies.jsonl"]);
    assert_eq!(
        keys_of(&lines(directory.path(), "companies")),
        ["hook", "b"]
    );

    let end = "companies.jsonl.end";
    let check = |image: &Image, expected: &Image| {
        let directory = directory_of(image);
        drop(open(directory.path()));
        let mut found = super::crash_tests::image(directory.path());
        // What was waited for follows.
        found.remove(SYNCED);
        let mut expected = expected.clone();
        expected.remove(SYNCED);
        assert_eq!(
            found.keys().collect::<Vec<_>>(),
            expected.keys().collect::<Vec<_>>()
        );
        assert_eq!(found["companies.jsonl"], expected["companies.jsonl"]);
        assert_eq!(open(directory.path()).state(), &state_of(&expected));
    };
    // The end is being written, and the state knows nothing of it.
    for length in 0..=new.len() {
        let mut image = before.clone();
        image.insert(end.to_owned(), new[..length].to_vec());
        check(&image, &before);
    }
    // The state knows of it; the file is shortened, then lengthened.
    let mut known = state_of(&after);
    let length = new.len() as u64;
    known.new_ends = [("companies".to_owned(), NewEnd { from: 0, length })].into();
    let mut image = after.clone();
    image.insert(STATE.to_owned(), bytes_of(&known));
    image.insert(end.to_owned(), new.clone());
    for file in (0..=old.len())
        .map(|length| &old[..length])
        .chain((0..=new.len()).map(|length| &new[..length]))
    {
        image.insert("companies.jsonl".to_owned(), file.to_vec());
        check(&image, &after);
    }
    // It is in place, and the state is not told yet.
    image.remove(end);
    check(&image, &after);
}

fn state_of(image: &Image) -> State {
    let directory = directory_of(image);
    let state = StateFile::read(&directory.path().join(STATE));
    state.unwrap().unwrap()
}

fn bytes_of(state: &State) -> Vec<u8> {
    let directory = written::Folder::new();
    let path = directory.path().join(STATE);
    let (file, _) = StateFile::open(&path).unwrap();
    file.save(state).unwrap();
    fs::read(path).unwrap()
}

/// After a crash the lines that were not committed are cut off, and others come to stand there. Should the machine die
/// then, the state that it goes back to must not speak of the first ones.
#[test]
fn what_was_waited_for_never_speaks_of_lines_that_were_cut_off() {
    let (directory, mut output) = begun();
    let before = image(directory.path());
    deliver(&mut output, "d2", &[entry("companies", "x", "{}")]);
    let mut crashed = image(directory.path());
    crashed.insert(STATE.to_owned(), before[STATE].clone());
    let directory = directory_of(&crashed);
    let output = open(directory.path());
    let synced = output.state_file.read_synced().unwrap().unwrap();
    assert_eq!(&synced, output.state());
    assert!(output.holds(&synced).unwrap());
}

/// The lines cannot be written: nothing is remembered of the delivery.
#[cfg(target_os = "linux")]
#[test]
fn without_its_lines_a_delivery_is_not_stored() {
    let (directory, mut output) = begun();
    std::os::unix::fs::symlink("/dev/full", directory.path().join("contacts.jsonl")).unwrap();
    let hook = [entry("companies", "x", "{}"), entry("contacts", "y", "{}")];
    let delivery = Delivery {
        id: "d2",
        topic: "topic",
        entries: &hook,
        now_ms: 1,
    };
    assert!(matches!(
        output.deliver(&[delivery]),
        Err(OutputError::Io { .. })
    ));
    fs::remove_file(directory.path().join("contacts.jsonl")).unwrap();
    drop(output);
    let mut output = open(directory.path());
    assert!(deliver(&mut output, "d2", &hook));
    let keys = keys_of(&lines(directory.path(), "companies"));
    assert_eq!(keys, ["a", "b", "hook", "x"]);
}

/// The state cannot be replaced: no line of the delivery stays.
#[test]
fn without_its_state_a_delivery_is_not_stored() {
    let (directory, mut output) = begun();
    let hook = [entry("companies", "x", "{}")];
    let delivery = Delivery {
        id: "d2",
        topic: "topic",
        entries: &hook,
        now_ms: 1,
    };
    let in_the_way = directory.path().join(".state.json.new");
    fs::create_dir(&in_the_way).unwrap();
    for _ in 0..2 {
        assert!(output.deliver(&[delivery]).is_err());
        assert_eq!(keys_of(&lines(directory.path(), "companies")).len(), 3);
    }
    fs::remove_dir(&in_the_way).unwrap();
    assert!(output.deliver(&[delivery]).unwrap()[0].new);
    assert!(!output.deliver(&[delivery]).unwrap()[0].new);
    drop(output);
    assert!(!open(directory.path()).deliver(&[delivery]).unwrap()[0].new);
    assert_eq!(keys_of(&lines(directory.path(), "companies")).len(), 4);
}

/// The new end cannot be put in place: nothing more is written until the directory was opened again, which does it.
#[test]
fn an_end_that_is_not_in_place_is_put_there_by_the_next_start() {
    let (directory, mut output) = begun();
    let fresh = position(Some("1f"), None);
    let again = [entry("companies", "b", "{}")];
    let mut restarted = page("companies", &again, &fresh);
    restarted.restarted = true;
    // Moved away when its end is written, so that it cannot be opened by its name any more.
    let file = directory.path().join("companies.jsonl");
    let mut endings = output
        .begin_endings(output.state.streams["companies"].spans.clone())
        .unwrap();
    let written = output.write(&again, &mut endings).unwrap();
    assert_eq!(
        written["companies"].to,
        endings["companies"].written().unwrap().length
    );
    fs::rename(&file, directory.path().join("away")).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(output.sync_endings(&endings).is_err());
    fs::remove_dir(&file).unwrap();
    fs::rename(directory.path().join("away"), &file).unwrap();
    assert!(matches!(
        output.commit(restarted),
        Err(OutputError::InDoubt { .. })
    ));
    drop(output);
    let mut output = open(directory.path());
    assert_eq!(
        keys_of(&lines(directory.path(), "companies")),
        ["hook", "b"]
    );
    deliver(&mut output, "d2", &[entry("companies", "x", "{}")]);
    assert_eq!(
        keys_of(&lines(directory.path(), "companies")),
        ["hook", "b", "x"]
    );
}
