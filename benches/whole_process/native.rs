//! The same streams read by the same core without sandbox, tenants, limits and positions: what is left of the cost when
//! nothing is paid for the host. A process of its own, as the host's is.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, anyhow, bail};
use host_test::http_client::{HttpClient, HttpOptions};
use intercom_connector::contract::connector::{Page, PageRequest, Selection};
use intercom_connector::contract::http::{Error, ErrorKind, Method, Request, Response};
use intercom_connector::contract::state::Swapped;
use intercom_connector::contract::types::{Connection, Entry, Header};
use intercom_connector::operation::{Answer, Input, Moment, Operation, Step};
use intercom_connector::read_page::ReadPage;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The argument that makes this program the native reader. URL, folder and streams follow it.
const MARK: &str = "--read-natively";

/// The command that reads streams from a server into files of a folder.
pub fn command(url: &str, folder: &Path, streams: &[&str]) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(MARK).arg(url).arg(folder).args(streams);
    Ok(command)
}

/// Reads natively when the arguments say so, and tells whether they did.
pub fn was_asked_for() -> anyhow::Result<bool> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some(MARK) {
        return Ok(false);
    }
    let url = arguments.next().context("no URL")?;
    let folder = PathBuf::from(arguments.next().context("no folder")?);
    std::fs::create_dir_all(&folder)?;
    let reader = Reader {
        client: HttpClient::new(HttpOptions::default())?,
        url,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        for stream in arguments {
            let file = File::create(folder.join(format!("{stream}.jsonl")))?;
            reader.read(&stream, BufWriter::new(file)).await?;
        }
        Ok(true)
    })
}

#[derive(Clone)]
struct Reader {
    client: HttpClient,
    url: String,
}

impl Reader {
    async fn read(&self, stream: &str, mut file: impl Write) -> anyhow::Result<()> {
        let mut cursor = None;
        // Nobody else is there whose changes could come between.
        let mut state = HashMap::new();
        loop {
            let request = PageRequest {
                stream: stream.to_owned(),
                selection: Selection::All,
                filter: None,
                cursor: cursor.take(),
                max_entries: 150,
                max_bytes: 8 << 20,
                time_budget_ms: 60_000,
            };
            let page = self.page(request, &mut state).await?;
            for entry in &page.entries {
                write_line(&mut file, entry)?;
            }
            cursor = page.next;
            if cursor.is_none() {
                file.flush()?;
                return Ok(());
            }
        }
    }

    async fn page(
        &self,
        request: PageRequest,
        state: &mut HashMap<String, Vec<u8>>,
    ) -> anyhow::Result<Page> {
        let connection = Connection {
            config: b"{}".to_vec(),
            mapping: None,
            triggers: None,
            account: None,
            prepared: None,
        };
        let begun = Instant::now();
        let mut operation = ReadPage::new(connection, request);
        let mut input = Input::Start;
        loop {
            let moment = Moment {
                unix_ms: i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?,
                elapsed_ms: u64::try_from(begun.elapsed().as_millis())?,
                memory: 0,
            };
            input = match operation.step(moment, input) {
                Step::Send(requests, at_a_time) => {
                    Input::Answers(self.send(requests, at_a_time).await?)
                }
                Step::Done(page) => return page.map_err(|failure| anyhow!(failure.message)),
                Step::Load(key) => Input::Loaded(state.get(&key).cloned()),
                Step::Store(changes) => {
                    for change in changes {
                        match change.value {
                            Some(value) => drop(state.insert(change.key, value)),
                            None => drop(state.remove(&change.key)),
                        }
                    }
                    Input::Stored(Some(Swapped::Done))
                }
            };
        }
    }

    async fn send(&self, requests: Vec<Request>, at_a_time: u32) -> anyhow::Result<Vec<Answer>> {
        let places = Arc::new(Semaphore::new(usize::try_from(at_a_time)?.max(1)));
        let mut tasks = JoinSet::new();
        let mut answers: Vec<Option<Answer>> = requests.iter().map(|_| None).collect();
        for (number, request) in requests.into_iter().enumerate() {
            let (reader, places) = (self.clone(), places.clone());
            tasks.spawn(async move {
                let _place = places.acquire_owned().await;
                (number, reader.answer(request).await)
            });
        }
        while let Some(done) = tasks.join_next().await {
            let (number, answer) = done?;
            answers[number] = Some(answer.map_err(|error| Error {
                kind: ErrorKind::ConnectionLost,
                message: error.to_string(),
                request_sent: true,
                retry_after_ms: None,
            }));
        }
        answers
            .into_iter()
            .map(|answer| answer.context("a request without an answer"))
            .collect()
    }

    async fn answer(&self, request: Request) -> anyhow::Result<Response> {
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
            other => bail!("reading does not {other:?}"),
        };
        let client = self.client.client_for(&self.url.parse()?);
        let mut sent = client
            .request(method.parse()?, format!("{}{}", self.url, request.target))
            .header("authorization", "Bearer simulator-token");
        for header in &request.headers {
            sent = sent.header(&header.name, &header.value);
        }
        if let Some(body) = request.body {
            sent = sent.body(body);
        }
        let answer = sent.send().await?;
        let headers = answer.headers().iter().map(|(name, value)| Header {
            name: name.as_str().to_owned(),
            value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
        });
        Ok(Response {
            status: answer.status().as_u16(),
            headers: headers.collect(),
            body: answer.bytes().await?.into(),
        })
    }
}

fn write_line(file: &mut impl Write, entry: &Entry) -> anyhow::Result<()> {
    write!(
        file,
        r#"{{"stream":"{}","key":"{}","updated_at_ms":{},"change":"upsert","data":"#,
        entry.stream,
        entry.key,
        entry.updated_at_ms.unwrap_or_default()
    )?;
    file.write_all(&entry.payload)?;
    Ok(file.write_all(b"}\n")?)
}
