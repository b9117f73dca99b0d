"""A platform with something of everything on it, against simulators: what the pages are looked at with."""

import contextlib
import hashlib
import hmac
import json
import os
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

# Marked, so that they can be looked for in whatever was written.
CONTROL = "tell-nobody-the-control-token"
TOKEN, CLIENT_SECRET = "tell-nobody-this-token", "tell-nobody-this-secret"
SECRETS = {"CONTROL": CONTROL, "KEY": "dGVsbC1ub2JvZHktdGhlLWtleS1vZi0zMi1ieXRlcyE=", "TOKEN": TOKEN, "CLIENT_SECRET": CLIENT_SECRET}
# As long as a name may be.
LONG = "the-longest-name-that-a-connection-of-a-platform-may-have-really"
HOSTILE = "<script>document.title='owned'</script>\"'&<b>Müller & Söhne</b>"
# How long, in seconds, a state may take to come about.
PATIENCE = 120


class Process:
    """A program that runs until it is ended, and writes what it says into a file."""

    def __init__(self, command, log, **options):
        self.log = log
        with log.open("wb") as said:
            self.process = subprocess.Popen(
                list(map(str, command)), stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, **options
            )

    def line(self, part):
        """Waits for a line that says this."""
        deadline = time.monotonic() + PATIENCE
        while True:
            ended = self.process.poll() is not None
            *whole, _ = self.log.read_text().split("\n")
            found = next((line for line in whole if part in line), None)
            if found is not None:
                return found
            if ended or time.monotonic() > deadline:
                raise SystemExit(f"no line says `{part}`: {self.log.read_text()}")
            time.sleep(0.02)

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def connection(url, token="${TOKEN}", **more):
    """A connection, as the platform's file takes it (JSON is YAML)."""
    return {
        "connector": "intercom",
        "endpoint": url,
        "credentials": {"access_token": token, "client_secret": "${CLIENT_SECRET}"},
        "config": {"region": "us", "api_version": "2.11"},
        **more,
    }


class Platform:
    """Two simulators and a platform, as long as the block runs. `empty`: a platform without connections."""

    def __init__(self, host_test, folder, empty=False):
        self.host_test, self.folder, self.empty = host_test, folder, empty
        self.ends = contextlib.ExitStack()

    def __enter__(self):
        try:
            if self.empty:
                self.serve([])
            else:
                self.fill()
        except BaseException:
            self.ends.close()
            raise
        return self

    def __exit__(self, *_):
        self.ends.close()

    def start(self, log, *arguments):
        process = Process([self.host_test, *arguments], log, cwd=self.folder, env={**os.environ, **SECRETS})
        self.ends.callback(process.end)
        return process

    def simulate(self, *options):
        # A simulator says which token it takes: what it says is not kept.
        said = Path(self.ends.enter_context(tempfile.TemporaryDirectory(prefix="simulator-"))) / "said"
        known = [f"--access-token={TOKEN}", f"--client-secret={CLIENT_SECRET}"]
        process = self.start(said, "simulate", "--json", "--port=0", "--rate-limit=1000000", *known, *options)
        return json.loads(process.line('"url"'))["url"]

    def serve(self, connections):
        platform = {
            "data": "data",
            "key": "${KEY}",
            "control": {"listen": "127.0.0.1:0", "token": "${CONTROL}"},
            "webhooks": {"listen": "127.0.0.1:0"},
            "schedule": {"every": "30m", "jitter": "0s"},
            "connections": connections,
        }
        (self.folder / "platform.yaml").write_text(json.dumps(platform))
        log = self.folder / f"serve-{len(list(self.folder.glob('serve-*.log')))}.log"
        process = self.start(log, "serve", "--config", "platform.yaml")
        self.control = process.line("control API").split()[-1].rstrip("/")
        self.webhooks = process.line("webhooks on").split()[-1].rstrip("/")
        return process

    def fill(self):
        """Connections in every state that one can be in, with an hour behind them."""
        url = self.simulate("--contacts=80", "--companies=10")
        denied = self.simulate("--contacts=20", "--companies=5", "--denied=conversations", "--denied=tickets")
        slow = self.simulate("--contacts=60", "--latency=100s")
        some = ["contacts", "companies", "tags"]
        connections = [
            {"name": "acme", "tenant": "Acme", "mode": "hybrid", **connection(url)},
            {"name": "refused", "tenant": HOSTILE, **connection(url, token="not-the-token", streams=some)},
            {"name": "partly", **connection(denied, streams=[*some, "conversations", "tickets"])},
            {"name": LONG, "tenant": "a tenant whose name is long as well, and has spaces", **connection(url, streams=some)},
            {"name": "paused", **connection(url, streams=some)},
        ]
        first = self.serve(connections)
        for name in ["acme", "refused", "partly", LONG, "paused"]:
            self.until(lambda name=name: self.ask(f"/connections/{name}")["last_sync"] is not None)
        self.ask("/connections/paused/pause", b"")
        self.deliver("acme", 12, CLIENT_SECRET)
        self.deliver("acme", 2, "not the secret")
        first.end()
        self.remember_an_hour()
        # One that does not come to an end while it is looked at.
        self.serve([*connections, {"name": "slow", **connection(slow, streams=some)}])
        self.until(lambda: self.ask("/connections/slow")["state"] == "running")
        self.until(lambda: self.ask("/connections/acme")["state"] == "idle")

    def remember_an_hour(self):
        """Gives the platform the memory of an hour, which nobody waits for."""
        minute = int(time.time()) // 60
        with contextlib.closing(sqlite3.connect(self.folder / "data" / "platform.db")) as database, database:
            for ago in range(1, 60):
                rows = [("acme", 900 + 700 * (ago % 7), 0), (LONG, 40 * (ago % 5), 0), ("refused", 0, int(ago % 15 == 0))]
                database.executemany(
                    "INSERT INTO minutes (minute, connection, records, failures) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
                    " SET records = records + excluded.records, failures = failures + excluded.failures",
                    [(minute - ago, *row) for row in rows],
                )

    def deliver(self, name, count, secret):
        """Sends webhooks."""
        for number in range(count):
            item = {"type": "contact", "id": f"{number:024x}", "role": "user", "email": f"{number}@example.com"}
            body = {
                "type": "notification_event",
                "id": f"notif_{secret[:3]}_{number}",
                "topic": "contact.user.updated",
                "app_id": "simulator",
                "created_at": int(time.time()),
                "data": {"type": "notification_event_data", "item": item},
            }
            text = json.dumps(body).encode()
            signature = "sha1=" + hmac.new(secret.encode(), text, hashlib.sha1).hexdigest()
            headers = {"X-Hub-Signature": signature, "Content-Type": "application/json"}
            request = urllib.request.Request(f"{self.webhooks}/{name}", data=text, headers=headers)
            with contextlib.suppress(urllib.error.HTTPError):
                urllib.request.urlopen(request, timeout=PATIENCE).close()

    def ask(self, path, body=None):
        """What the control API answers."""
        headers = {"Authorization": f"Bearer {CONTROL}"}
        request = urllib.request.Request(self.control + path, data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def until(self, condition):
        """Waits for a condition."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise SystemExit("what is waited for does not come about")
            time.sleep(0.05)
