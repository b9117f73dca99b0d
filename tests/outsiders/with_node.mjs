// Reads everything with Intercom's own client for Node, `intercom-client`, and prints a line of JSON for each object:
// {"object": …, "ids": […]}, or {"object": …, "error": …}. Arguments: the address of the API, a token, and the objects that
// are there to be read.

import { IntercomClient } from "intercom-client";

const [environment, token, ...objects] = process.argv.slice(2);
const client = new IntercomClient({ environment, token });
const preview = new IntercomClient({ environment, token, version: "Preview" }).unstable;

/** No object of the simulator has so many entries: a walk that has more of them has no end. */
const ENDLESS = 50_000;

const everything = { field: "created_at", operator: ">", value: "0" };
const search = (resource) => resource.search({ query: everything, pagination: { per_page: 50 } });

/** Every page of a list by page number whose reader takes no more than a query of its own. */
async function* numbered(read) {
    for (let page = 1; ; page += 1) {
        const { data = [], pages } = await read(page);
        yield* data;
        if (page >= (pages?.total_pages ?? 1)) return;
    }
}

/** What hangs on each of many: pairs of its id and that of what hangs on it. */
async function* of(parents, read) {
    for await (const parent of await parents()) {
        for await (const child of await read(parent.id)) yield { id: `${parent.id} ${child.id}` };
    }
}

/** Every company: the client's own iteration goes on after the empty page that ends a scroll, and fails there. */
async function* companies() {
    for (let page = await client.companies.scroll(); page.data.length > 0; page = await page.getNextPage()) yield* page.data;
}

const contacts = () => client.contacts.list({ per_page: 150 });
const conversations = () => client.conversations.list({ per_page: 50 });

const readers = {
    contacts,
    contacts_by_search: () => search(client.contacts),
    companies,
    companies_by_page: () => client.companies.list({ per_page: 60 }),
    admins: async () => (await client.admins.list()).admins,
    teams: async () => (await client.teams.list()).teams,
    tags: async () => (await client.tags.list()).data,
    segments: async () => (await client.segments.list()).segments,
    data_attributes: async () => (await client.dataAttributes.list()).data.map(({ model, full_name }) => ({ id: `${model} ${full_name}` })),
    subscription_types: async () => (await client.subscriptionTypes.list()).data,
    contact_tags: () => of(contacts, async (contactId) => (await client.contacts.listAttachedTags({ contact_id: contactId })).data),
    // The client takes them from another field than the one in which they come.
    contact_companies: () =>
        of(contacts, (contactId) =>
            numbered(async (page) => (await client.contacts.listAttachedCompanies({ contact_id: contactId, page })).response),
        ),
    contact_notes: () => of(contacts, (contactId) => client.notes.list({ contact_id: contactId })),
    contact_segments: () => of(contacts, async (contactId) => (await client.contacts.listAttachedSegments({ contact_id: contactId })).data),
    contact_subscriptions: () =>
        of(contacts, async (contactId) => (await client.contacts.listAttachedSubscriptions({ contact_id: contactId })).data),
    contact_events: () =>
        of(contacts, async (contactId) => (await client.events.list({ type: "user", intercom_user_id: contactId, per_page: 150 })).events),
    company_contacts: () =>
        of(companies, (companyId) => numbered((page) => client.companies.listAttachedContacts({ company_id: companyId, page }))),
    company_segments: () => of(companies, async (companyId) => (await client.companies.listAttachedSegments({ company_id: companyId })).data),
    conversations,
    conversations_by_search: () => search(client.conversations),
    conversation_parts: () =>
        of(conversations, async (conversationId) => {
            const conversation = await client.conversations.find({ conversation_id: conversationId });
            return conversation.conversation_parts.conversation_parts;
        }),
    tickets: () => search(client.tickets),
    ticket_types: async () => (await client.ticketTypes.list()).data,
    ticket_states: async () => (await client.ticketStates.listTicketStates()).data,
    articles: () => client.articles.list({ per_page: 25 }),
    internal_articles: () => numbered((page) => client.internalArticles.listInternalArticles({ queryParams: { page } })),
    collections: () => client.helpCenters.collections.list({ per_page: 20 }),
    // One page, and no other: the client would ask for further ones without end.
    help_centers: async () => (await client.helpCenters.list()).data,
    news_items: () => numbered((page) => client.news.items.list({ queryParams: { page } })),
    newsfeeds: () => numbered((page) => client.news.feeds.list({ queryParams: { page } })),
    calls: () => numbered((page) => client.calls.listCalls({ page })),
    // The client wants them bare, and they come in a list.
    away_status_reasons: async () => (await client.awayStatusReasons.listAwayStatusReasons()).data,
    activity_logs: () => numbered(async (page) => {
        const { activity_logs: data, pages } = await client.admins.listAllActivityLogs({ created_at_after: "1" }, { queryParams: { page } });
        return { data, pages };
    }),
    brands: async () => (await preview.brands.listBrands()).data,
    emails: async () => (await preview.emails.listEmails()).data,
    macros: async () => (await preview.macros.listMacros({ per_page: 150 })).data,
};

for (const object of objects.filter((name) => name in readers)) {
    try {
        const ids = [];
        for await (const entry of await readers[object]()) {
            if (ids.push(String(entry.id)) > ENDLESS) throw new Error(`more than ${ENDLESS} of them`);
        }
        console.log(JSON.stringify({ object, ids }));
    } catch (error) {
        console.log(JSON.stringify({ object, error: String(error.message ?? error) }));
    }
}
