"""Runs the Singer tap for Intercom, `tap-intercom`, in full and with everything selected, and prints a line of JSON for each
object: {"object": …, "ids": […]}, or {"object": …, "error": …}. Arguments: the address of the API, a token, and the objects
that are there to be read."""

import contextlib
import io
import json
import logging
import sys

from singer import metadata
from tap_intercom import client as tap_client
from tap_intercom.discover import discover
from tap_intercom.sync import sync

url, token, *objects = sys.argv[1:]

# What the tap calls its streams, where the name is another one here, and by what a record of a stream is known.
STREAMS = {
    "contacts_by_search": "contacts",
    "companies": "companies",
    "admins": "admins",
    "teams": "teams",
    "tags": "tags",
    "segments": "segments",
    "contact_attributes": "contact_attributes",
    "company_attributes": "company_attributes",
    "conversations_by_search": "conversations",
    "conversation_parts": "conversation_parts",
}
KEYS = {"contact_attributes": "_sdc_record_hash", "company_attributes": "_sdc_record_hash"}


class Client(tap_client.IntercomClient):
    """The tap's client, which knows only one address, at another one."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.base_url = url


def selected(stream):
    """The catalogue with this stream selected, and every field of it."""
    catalog = discover()
    for entry in catalog.streams:
        fields = metadata.to_map(entry.metadata)
        for breadcrumb in fields:
            metadata.write(fields, breadcrumb, "selected", entry.tap_stream_id == stream)
        entry.metadata = metadata.to_list(fields)
        entry.schema.selected = entry.tap_stream_id == stream
    return catalog


def read(stream):
    """Ids of the records of a stream, in the order in which the tap writes them."""
    written = io.StringIO()
    config = {"access_token": token, "start_date": "2000-01-01T00:00:00Z", "user_agent": "outsiders"}
    with contextlib.redirect_stdout(written):
        sync(config, {}, selected(stream))
    messages = map(json.loads, written.getvalue().splitlines())
    records = [message["record"] for message in messages if message["type"] == "RECORD" and message["stream"] == stream]
    return [str(record[KEYS.get(stream, "id")]) for record in records]


logging.disable(logging.CRITICAL)
sys.modules["tap_intercom.sync"].IntercomClient = Client
for name in objects:
    if name not in STREAMS:
        continue
    try:
        print(json.dumps({"object": name, "ids": read(STREAMS[name])}), flush=True)
    except Exception as error:  # whatever a client does wrong is a line of the table, and not the end of it
        print(json.dumps({"object": name, "error": f"{type(error).__name__}: {error}"[:500]}), flush=True)
