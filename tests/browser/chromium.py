"""A headless Chromium, driven over its own protocol through a pipe: nothing to install beside the browser."""

import base64
import contextlib
import itertools
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "headless_shell"]
# How long, in seconds, the browser may take for an answer or a page.
PATIENCE = 60


def installed():
    """The browser of this machine; None when there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A browser with a profile of its own, as long as the block runs."""

    def __init__(self, program):
        self.profile = tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True)
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions", "--hide-scrollbars"]
        flags += ["--disable-background-networking", "--disable-dev-shm-usage", "--remote-debugging-pipe"]
        # It reads commands from descriptor 3 and writes to 4, whatever the pipes are numbered here.
        theirs, self.commands = os.pipe()
        self.answers, back = os.pipe()
        command = [program, *flags, f"--user-data-dir={self.profile.name}"]
        script = f'exec 3<&{theirs} 4>&{back}; exec "$0" "$@"'
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(["bash", "-c", script, *command], pass_fds=[theirs, back], **quiet)
        os.close(theirs)
        os.close(back)
        self.numbers = itertools.count(1)
        self.buffer = b""
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(Exception):
            self.call("Browser.close")
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        self.profile.cleanup()

    def message(self, deadline):
        """The next thing that the browser says; None when it says nothing until then."""
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.answers], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                return None
            read = os.read(self.answers, 1 << 20)
            if not read:
                raise SystemExit("the browser is gone")
            self.buffer += read
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, session=None, **parameters):
        """What a command gives."""
        number = next(self.numbers)
        command = {"id": number, "method": method, "params": parameters}
        if session:
            command["sessionId"] = session
        os.write(self.commands, json.dumps(command).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while (said := self.message(deadline)) is not None:
            if said.get("id") == number:
                if "error" in said:
                    raise RuntimeError(f"{method}: {said['error']}")
                return said["result"]
            self.events.append(said)
        raise RuntimeError(f"{method}: no answer in {PATIENCE} s")

    def event(self, session, *methods, patience=PATIENCE):
        """Waits for the next event of these kinds; None when there was none."""
        deadline = time.monotonic() + patience
        while True:
            for index, said in enumerate(self.events):
                if said.get("sessionId") == session and said.get("method") in methods:
                    return self.events.pop(index)
            said = self.message(deadline)
            if said is None:
                return None
            self.events.append(said)

    def page(self, **options):
        """A page in a tab of its own."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return Page(self, session, **options)


class Page:
    """A tab, of a width in pixels, light or dark, with headers for every request."""

    def __init__(self, browser, session, width=1280, dark=False, scripts=True, headers=None):
        self.browser, self.session, self.width = browser, session, width
        for domain in ["Page", "Network", "Log", "Runtime"]:
            self.call(f"{domain}.enable")
        self.call("Network.setExtraHTTPHeaders", headers=headers or {})
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="screen", features=[scheme])
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600
        )

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def open(self, url):
        """Goes there, until everything is loaded."""
        self.browser.events.clear()
        went = self.call("Page.navigate", url=url)
        if "errorText" in went:
            raise RuntimeError(f"{url}: {went['errorText']}")
        if self.browser.event(self.session, "Page.loadEventFired") is None:
            raise RuntimeError(f"{url} is not loaded after {PATIENCE} s")

    def look(self, expression):
        """What an expression in the page gives. The page's own scripts may be off."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(f"{expression}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def roles(self):
        """How often each role comes in what a screen reader is told, and the names of what has one."""
        counts, names = {}, {}
        for node in self.call("Accessibility.getFullAXTree")["nodes"]:
            if node.get("ignored"):
                continue
            role = node.get("role", {}).get("value", "")
            counts[role] = counts.get(role, 0) + 1
            names.setdefault(role, []).append(node.get("name", {}).get("value", ""))
        return counts, names

    def told(self, method):
        """The events of a kind that came since the page was opened."""
        events = self.browser.events
        return [said["params"] for said in events if said.get("sessionId") == self.session and said["method"] == method]

    def picture(self, path):
        """Keeps a picture of the whole page."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": self.width, "height": size["height"], "scale": 1}
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
        path.write_bytes(base64.b64decode(data))
