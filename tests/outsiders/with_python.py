"""Reads everything with Intercom's own client for Python, `python-intercom`, and prints a line of JSON for each object:
{"object": …, "ids": […]}, or {"object": …, "error": …}. Arguments: the address of the API, a token, and the objects that are
there to be read."""

import json
import sys
from itertools import islice
from types import SimpleNamespace

from intercom import Intercom
from intercom.types import SingleFilterSearchRequest, StartingAfterPaging

url, token, *objects = sys.argv[1:]
# The client names no version of the API, and an app that has an older one than the client would not have everything.
client = Intercom(base_url=url, token=token, headers={"Intercom-Version": "2.14"})
# No object of the simulator has so many entries: a walk that has more of them has no end.
ENDLESS = 50_000

everything = SingleFilterSearchRequest(field="created_at", operator=">", value="0")


def search(resource):
    """Every page of a search: the client's own pager asks for the first one again and again."""
    after = None
    while True:
        page = resource.search(query=everything, pagination=StartingAfterPaging(per_page=50, starting_after=after))
        yield from page.items
        pages = page.response.pages
        if pages is None or pages.next is None:
            return
        after = pages.next.starting_after


def numbered(read, entries="data"):
    """Every page of a list by page number whose reader has no pager."""
    number = 1
    while True:
        page = read(number)
        yield from getattr(page, entries) or []
        if page.pages is None or number >= (page.pages.total_pages or 1):
            return
        number += 1


def asked(number):
    """A query for a page, for a reader that has no argument for it."""
    return {"additional_query_parameters": {"page": number}}


def of(parents, read):
    """What hangs on each of many: pairs of its id and that of what hangs on it."""
    for parent in list(parents()):
        for child in read(parent.id):
            yield f"{parent.id} {child.id}"


def contacts():
    return client.contacts.list(per_page=150)


def companies():
    return client.companies.scroll()


def companies_of(contact):
    """The companies of a contact: the client takes them from another field than the one in which they come."""
    for company in numbered(lambda page: client.contacts.list_attached_companies(contact, page=page).response):
        yield SimpleNamespace(**company)


def away_status_reasons():
    """The client wants them bare, and they come in a list."""
    for reason in dict(client.away_status_reasons.list_away_status_reasons())["data"]:
        yield SimpleNamespace(**reason)


def conversations():
    return client.conversations.list(per_page=50)


READERS = {
    "contacts": contacts,
    "contacts_by_search": lambda: search(client.contacts),
    "companies": companies,
    "companies_by_page": lambda: client.companies.list(per_page=60),
    "admins": lambda: client.admins.list().admins,
    "teams": lambda: client.teams.list().teams,
    "tags": lambda: client.tags.list().data,
    "segments": lambda: client.segments.list().segments,
    "data_attributes": lambda: (f"{entry.model} {entry.full_name}" for entry in client.data_attributes.list().data),
    "subscription_types": lambda: client.subscription_types.list().data,
    "contact_tags": lambda: of(contacts, lambda contact: client.contacts.list_attached_tags(contact).data),
    "contact_companies": lambda: of(contacts, companies_of),
    "contact_notes": lambda: of(contacts, lambda contact: client.notes.list(contact)),
    "contact_segments": lambda: of(contacts, lambda contact: client.contacts.list_attached_segments(contact).data),
    "contact_subscriptions": lambda: of(contacts, lambda contact: client.contacts.list_attached_subscriptions(contact).data),
    "contact_events": lambda: of(
        contacts, lambda contact: client.events.list(type="user", intercom_user_id=contact, per_page=150).events
    ),
    "company_contacts": lambda: of(
        companies, lambda company: numbered(lambda page: client.companies.list_attached_contacts(company, request_options=asked(page)))
    ),
    "company_segments": lambda: of(companies, lambda company: client.companies.list_attached_segments(company).data),
    "conversations": conversations,
    "conversations_by_search": lambda: search(client.conversations),
    "conversation_parts": lambda: of(
        conversations, lambda conversation: client.conversations.find(conversation).conversation_parts.conversation_parts
    ),
    "tickets": lambda: search(client.tickets),
    "ticket_types": lambda: client.ticket_types.list().data,
    "ticket_states": lambda: client.ticket_states.list_ticket_states().data,
    "articles": lambda: client.articles.list(per_page=25),
    "internal_articles": lambda: numbered(lambda page: client.internal_articles.list_internal_articles(request_options=asked(page))),
    "collections": lambda: client.help_centers.collections.list(per_page=20),
    # One page, and no other: the client would ask for further ones without end.
    "help_centers": lambda: client.help_centers.list().items,
    "news_items": lambda: numbered(lambda page: client.news.items.list(request_options=asked(page))),
    "newsfeeds": lambda: numbered(lambda page: client.news.feeds.list(request_options=asked(page))),
    "calls": lambda: numbered(lambda page: client.calls.list_calls(page=page)),
    "away_status_reasons": away_status_reasons,
    "activity_logs": lambda: numbered(
        lambda page: client.admins.list_all_activity_logs(created_at_after="1", request_options=asked(page)), "activity_logs"
    ),
}

for name in objects:
    if name not in READERS:
        continue
    try:
        entries = list(islice(READERS[name](), ENDLESS + 1))
        if len(entries) > ENDLESS:
            raise RuntimeError(f"more than {ENDLESS} of them")
        ids = [entry if isinstance(entry, str) else str(entry.id) for entry in entries]
        print(json.dumps({"object": name, "ids": ids}), flush=True)
    except Exception as error:  # whatever a client does wrong is a line of the table, and not the end of it
        print(json.dumps({"object": name, "error": f"{type(error).__name__}: {error}"[:500]}), flush=True)
