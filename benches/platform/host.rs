//! The host as a platform runs it, in a process of its own, and the simulator in another one.

use std::io::{BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// The token of the control API.
const TOKEN: &str = "control-token";

/// What signs the webhooks of every connection.
const SECRET: &str = "simulator-secret";

/// A process that ends with its owner.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The first address in what a process says.
fn address(lines: &mut impl std::io::BufRead) -> anyhow::Result<String> {
    let mut line = String::new();
    loop {
        line.clear();
        ensure!(
            lines.read_line(&mut line)? > 0,
            "it ended before it said where it is"
        );
        let mut words = line.split_whitespace();
        if let Some(address) = words.find(|word| word.starts_with("http://")) {
            return Ok(address.trim_end_matches(['.', ',', '/']).to_owned());
        }
    }
}

/// One request, and the whole answer.
fn exchange(
    url: &str,
    method: &str,
    path: &str,
    header: &str,
    body: &str,
) -> anyhow::Result<String> {
    let host = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host)?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\n{header}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// A simulated workspace.
pub struct Simulator {
    process: Owned,
    _output: BufReader<ChildStdout>,
    pub url: String,
}

impl Simulator {
    pub fn start(host: &Path, options: &[&str]) -> anyhow::Result<Self> {
        let mut process = Command::new(host)
            .args(["simulate", "--port", "0", "--rate-limit", "10000000"])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut output = BufReader::new(process.stdout.take().context("no output")?);
        let process = Owned(process);
        let url = address(&mut output)?;
        Ok(Self {
            process,
            _output: output,
            url,
        })
    }

    /// Changes every contact.
    pub fn change_contacts(&self) -> anyhow::Result<()> {
        let token = "authorization: Bearer simulator-token\r\nintercom-version: 2.11";
        let answer = exchange(&self.url, "GET", "/contacts?per_page=150", token, "")?;
        let (_, body) = answer.split_once("\r\n\r\n").context("no answer")?;
        let list: Value = serde_json::from_str(body)?;
        for contact in list["data"].as_array().context("no list")? {
            let id = contact["id"].as_str().context("no id")?;
            let path = format!("/contacts/{id}");
            let answer = exchange(&self.url, "PUT", &path, token, r#"{"name":"Changed"}"#)?;
            ensure!(answer.starts_with("HTTP/1.1 200 "), "not changed: {answer}");
        }
        Ok(())
    }

    /// Processor time that the process has used, in seconds.
    pub fn seconds(&self) -> anyhow::Result<f64> {
        seconds(self.process.0.id())
    }
}

/// A platform.
pub struct Server {
    process: Owned,
    _output: BufReader<ChildStderr>,
    control: String,
    webhooks: String,
}

impl Server {
    /// Starts a platform in a folder, with further lines in its file.
    pub fn start(host: &Path, folder: &Path, lines: &str) -> anyhow::Result<Self> {
        let config = folder.join("platform.yaml");
        std::fs::write(
            &config,
            format!(
                "control: {{ listen: \"127.0.0.1:0\", token: {TOKEN} }}\nwebhooks: {{ listen: \"127.0.0.1:0\" }}\n{lines}"
            ),
        )?;
        let mut process = Command::new(host)
            .arg("serve")
            .arg("--config")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut output = BufReader::new(process.stderr.take().context("no output")?);
        let process = Owned(process);
        let control = address(&mut output)?;
        let webhooks = address(&mut output)?;
        Ok(Self {
            process,
            _output: output,
            control,
            webhooks,
        })
    }

    /// What the control API says.
    pub fn get(&self, path: &str) -> anyhow::Result<Value> {
        let token = format!("authorization: Bearer {TOKEN}");
        let answer = exchange(&self.control, "GET", path, &token, "")?;
        let (_, body) = answer.split_once("\r\n\r\n").context("no answer")?;
        Ok(serde_json::from_str(body)?)
    }

    /// Delivers a webhook to a connection, which has to take it.
    pub fn deliver(&self, connection: &str, body: &str, signature: &str) -> anyhow::Result<()> {
        let header = format!("x-hub-signature: {signature}");
        let answer = exchange(
            &self.webhooks,
            "POST",
            &format!("/{connection}"),
            &header,
            body,
        )?;
        ensure!(answer.starts_with("HTTP/1.1 200 "), "not taken: {answer}");
        Ok(())
    }

    /// What the process has of memory now, and the most that it had, in megabytes.
    pub fn megabytes(&self) -> anyhow::Result<(f64, f64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.0.id()))?;
        let of = |name: &str| -> anyhow::Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
            Ok(kilobytes.context("no figure")?.trim().parse::<f64>()? / 1_024.0)
        };
        Ok((of("VmRSS:")?, of("VmHWM:")?))
    }

    /// Processor time that the process has used, in seconds.
    pub fn seconds(&self) -> anyhow::Result<f64> {
        seconds(self.process.0.id())
    }
}

fn seconds(process: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("no name")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    // A hundred in a second, on every Linux.
    Ok(ticks as f64 / 100.0)
}

/// The name of a connection.
pub fn name(number: usize) -> String {
    format!("tenant-{number:05}")
}

/// What signs the webhooks of a connection: each is for an app of its own.
pub fn secret(number: usize) -> String {
    format!("{SECRET}-{number}")
}

/// Writes so many connections into a folder.
pub fn connections(folder: &Path, count: usize, url: &str, lines: &str) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    for number in 0..count {
        let text = format!(
            "connector: intercom\nendpoint: {url}\n\
             credentials: {{ access_token: simulator-token, client_secret: {} }}\n{lines}",
            secret(number)
        );
        std::fs::write(folder.join(format!("{}.yaml", name(number))), text)?;
    }
    Ok(())
}
