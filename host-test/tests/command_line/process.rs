use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::world::assert_silent;

/// Longer than any command takes: what takes longer hangs.
const LONGEST: Duration = Duration::from_secs(120);

/// The component's file, built once for all tests.
pub fn component() -> &'static Path {
    static COMPONENT: OnceLock<PathBuf> = OnceLock::new();
    COMPONENT.get_or_init(|| {
        let bytes = host_test::artifact::find_or_build(None).expect("the component builds");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let mut file = tempfile::NamedTempFile::new_in(folder).expect("a file");
        file.write_all(&bytes).expect("the component is written");
        let path = folder.join("command-line-component.wasm");
        file.persist(&path).expect("the component is put in place");
        path
    })
}

/// The program in a folder, with nothing of the tests' own environment that would change what it does.
pub fn program(folder: &Path, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-test"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .env("CONNECTOR_WASM", component())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What a process left behind.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; absent when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Finished {
    /// The only document on standard output.
    pub fn document(&self) -> serde_json::Value {
        let lines = self.documents();
        assert_eq!(lines.len(), 1, "one document is expected: {self:?}");
        lines[0].clone()
    }

    /// A document for each line of standard output.
    pub fn documents(&self) -> Vec<serde_json::Value> {
        documents(&self.out)
    }
}

/// A document for each line.
pub fn documents(text: &str) -> Vec<serde_json::Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

/// Runs a command to its end.
pub fn finish(command: Command, input: &[u8]) -> Finished {
    Running::start(command, input).end()
}

/// Waits until a condition comes about.
pub fn until(mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + LONGEST;
    while !condition() {
        assert!(Instant::now() < end, "it does not come about");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A process that is ended with its owner.
pub struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    out: Arc<Mutex<String>>,
    err: Arc<Mutex<String>>,
    lines: Receiver<String>,
    readers: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts a command and gives it its input.
    pub fn start(mut command: Command, input: &[u8]) -> Running {
        if !input.is_empty() {
            command.stdin(Stdio::piped());
        }
        let mut running = Running::spawn(command);
        if let Some(mut stdin) = running.stdin.take() {
            let input = input.to_vec();
            // A process that reads nothing more must not hold up the test.
            std::thread::spawn(move || {
                let _ = stdin.write_all(&input);
            });
        }
        running
    }

    /// Starts a command; what it is to read comes later.
    pub fn open(mut command: Command) -> Running {
        command.stdin(Stdio::piped());
        Running::spawn(command)
    }

    fn spawn(mut command: Command) -> Running {
        let mut child = command.spawn().expect("the program starts");
        let (sender, lines) = channel();
        let mut readers = Vec::new();
        let mut keep = |stream: Option<Box<dyn Read + Send>>| {
            let kept = Arc::new(Mutex::new(String::new()));
            if let Some(stream) = stream {
                let (kept, sender) = (Arc::clone(&kept), sender.clone());
                readers.push(std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream);
                    let mut line = Vec::new();
                    while reader
                        .read_until(b'\n', &mut line)
                        .is_ok_and(|read| read > 0)
                    {
                        let text = String::from_utf8(std::mem::take(&mut line)).expect("UTF-8");
                        kept.lock().unwrap().push_str(&text);
                        // Nobody waits for a line any more.
                        let _ = sender.send(text);
                    }
                }));
            }
            kept
        };
        let out = keep(child.stdout.take().map(|stream| Box::new(stream) as _));
        let err = keep(child.stderr.take().map(|stream| Box::new(stream) as _));
        Running {
            stdin: child.stdin.take(),
            child,
            out,
            err,
            lines,
            readers,
        }
    }

    /// Says a line on its standard input.
    pub fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("its standard input is open");
        writeln!(stdin, "{line}").expect("it reads");
    }

    /// Ends its standard input, and waits for its own end.
    pub fn end(mut self) -> Finished {
        self.stdin = None;
        let status = self.wait();
        self.finished(status)
    }

    /// Waits for a line, on either output, that begins so; gives it.
    pub fn line(&self, beginning: &str) -> String {
        self.line_where(beginning, |line| line.starts_with(beginning))
    }

    /// The same for a line that holds a text.
    pub fn line_with(&self, text: &str) -> String {
        self.line_where(text, |line| line.contains(text))
    }

    fn line_where(&self, text: &str, is_it: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + LONGEST;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if is_it(&line) => return line,
                Ok(_) => {}
                Err(_) => panic!(
                    "no line `{text}…` came:\n{}\n{}",
                    self.out.lock().unwrap(),
                    self.err.lock().unwrap()
                ),
            }
        }
    }

    /// Passes over the lines that came so far.
    pub fn forget_lines(&self) {
        while self.lines.try_recv().is_ok() {}
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it ended by itself.
    pub fn is_over(&mut self) -> bool {
        let status = self.child.try_wait();
        status.expect("a child of this process").is_some()
    }

    /// Ends it at once, as a crash would.
    pub fn kill(mut self) -> Finished {
        self.child.kill().expect("it can be ended");
        self.end()
    }

    /// Asks it to end, as services are ended.
    pub fn ask_to_end(&self) {
        let told = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(told.expect("`kill` is there").success());
    }

    /// The same, and waits until it has.
    pub fn terminate(self) -> Finished {
        self.ask_to_end();
        self.end()
    }

    fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + LONGEST;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child of this process") {
                return status;
            }
            assert!(
                Instant::now() < end,
                "it does not end:\n{}\n{}",
                self.out.lock().unwrap(),
                self.err.lock().unwrap()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn finished(&mut self, status: ExitStatus) -> Finished {
        for reader in self.readers.drain(..) {
            reader.join().expect("its output is read");
        }
        let finished = Finished {
            code: status.code(),
            out: std::mem::take(&mut self.out.lock().unwrap()),
            err: std::mem::take(&mut self.err.lock().unwrap()),
        };
        assert_silent(&finished);
        finished
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
