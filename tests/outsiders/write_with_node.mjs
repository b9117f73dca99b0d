// Writes with Intercom's own client for Node, `intercom-client`, and prints a line of JSON for each kind of object:
// {"object": …, "ids": […]}, with the ids of what is there more than before; or {"object": …, "error": …}. What changed is
// read again and compared. Arguments: the address of the API and a token.

import assert from "node:assert/strict";
import { IntercomClient } from "intercom-client";

const [environment, token] = process.argv.slice(2);
const client = new IntercomClient({ environment, token });

/** How many there are of each kind. */
const MANY = 12;

const written = {};
const wrote = (object, id) => (written[object] ??= []).push(String(id));

const { id: admin_id } = await client.admins.identify();
const every = (await client.tags.list()).data.map((tag) => tag.id);
const types = (await client.ticketTypes.list()).data;
const states = (await client.ticketStates.listTicketStates()).data;

/** A ticket type of a category. */
const type_of = (category) => types.find((type) => type.category === category && !type.archived);

async function person(index) {
    const external_id = `outsider-${index}`;
    const created = await client.contacts.create({ role: "user", external_id, email: `${external_id}@example.org` });
    wrote("contacts", created.id);
    const contact_id = created.id;
    await client.contacts.update({ contact_id, name: `Outsider ${index}`, custom_attributes: { seats: index } });
    const found = await client.contacts.find({ contact_id });
    assert.equal(found.name, `Outsider ${index}`);
    assert.equal(found.custom_attributes.seats, index);
    await assert.rejects(client.contacts.create({ external_id }), { statusCode: 409 });

    const tag = await client.tags.tagContact({ contact_id, id: every[index % every.length] });
    wrote("contact_tags", `${contact_id} ${tag.id}`);
    const note = await client.notes.create({ contact_id, body: "Seen", admin_id });
    assert.equal(note.author.id, admin_id);
    wrote("contact_notes", `${contact_id} ${note.id}`);
    const event = { id: contact_id, event_name: "outside", created_at: Math.floor(Date.now() / 1000), metadata: { index: "1" } };
    for (let time = 0; time < 2; time += 1) await client.events.create(event);
    wrote("contact_events", `${contact_id} ${event.created_at}`);

    const company = await client.companies.createOrUpdate({ company_id: external_id, name: `Company ${index}`, plan: "Pro" });
    await client.companies.createOrUpdate({ company_id: external_id, monthly_spend: index });
    await client.companies.attachContact({ contact_id, id: company.id });
    assert.equal((await client.companies.find({ company_id: company.id })).monthly_spend, index);
    wrote("companies", company.id);
    wrote("contact_companies", `${contact_id} ${company.id}`);
    return contact_id;
}

async function conversation(contact_id) {
    const message = await client.conversations.create({ from: { type: "user", id: contact_id }, body: "Hello" });
    const conversation_id = message.conversation_id;
    wrote("conversations", conversation_id);
    let parts = 0;
    const reply = async (body) => {
        const answered = await client.conversations.reply({ conversation_id, body });
        const list = answered.conversation_parts;
        parts += 1;
        assert.equal(list.total_count, parts);
        wrote("conversation_parts", list.conversation_parts.at(-1).id);
        return list.conversation_parts.at(-1);
    };
    const manage = async (body) => {
        const managed = await client.conversations.manage({ conversation_id, body });
        parts += 1;
        wrote("conversation_parts", managed.conversation_parts.conversation_parts.at(-1).id);
        return managed;
    };
    await reply({ message_type: "comment", type: "admin", admin_id, body: "How can I help?" });
    await reply({ message_type: "note", type: "admin", admin_id, body: "A friendly one" });
    assert.equal((await manage({ message_type: "assignment", type: "admin", admin_id, assignee_id: admin_id })).state, "open");
    assert.equal((await manage({ message_type: "snoozed", admin_id, snoozed_until: 4000000000 })).state, "snoozed");
    assert.equal((await manage({ message_type: "open", admin_id })).state, "open");
    assert.equal((await manage({ message_type: "close", type: "admin", admin_id })).state, "closed");
    const last = await reply({ message_type: "comment", type: "user", intercom_user_id: contact_id, body: "One more thing" });
    assert.equal(last.part_type, "open");
    await client.tags.tagConversation({ conversation_id, id: every[0], admin_id });
    const found = await client.conversations.find({ conversation_id });
    assert.deepEqual([found.state, found.tags.tags.length], ["open", 1]);
}

async function ticket(contact_id) {
    const { id: ticket_type_id } = type_of("Customer");
    const ticket_attributes = { _default_title_: "Broken", _default_description_: "It does not work" };
    const created = await client.tickets.create({ ticket_type_id, contacts: [{ id: contact_id }], ticket_attributes });
    wrote("tickets", created.id);
    for (const part of created.ticket_parts.ticket_parts) wrote("ticket_parts", part.id);
    const { id: ticket_state_id } = states.find((state) => state.category === "in_progress");
    const updated = await client.tickets.update({ ticket_id: created.id, ticket_state_id, assignee_id: admin_id });
    assert.equal(updated.ticket_state.category, "in_progress");
    for (const part of updated.ticket_parts.ticket_parts.slice(1)) wrote("ticket_parts", part.id);
    const body = { message_type: "comment", type: "user", intercom_user_id: contact_id, body: "Thanks" };
    const part = await client.tickets.reply({ ticket_id: created.id, body });
    assert.equal(part.body, "<p>Thanks</p>");
    wrote("ticket_parts", part.id);
    await client.tags.tagTicket({ ticket_id: created.id, id: every[0], admin_id });
}

/** A lead is merged into a user, and one contact is archived, brought back and deleted: what is left is as many. */
async function comings_and_goings(contact_id) {
    const lead = await client.contacts.create({ role: "lead", email: "lead@example.org" });
    await client.contacts.mergeLeadInUser({ from: lead.id, into: contact_id });
    const gone = await client.contacts.create({ external_id: "gone" });
    await client.contacts.archive({ contact_id: gone.id });
    await client.contacts.unarchive({ contact_id: gone.id });
    await client.contacts.delete({ contact_id: gone.id });
    await assert.rejects(client.contacts.find({ contact_id: gone.id }), { statusCode: 404 });
    const tag = await client.tags.create({ name: "Outsiders" });
    wrote("tags", tag.id);
}

try {
    const people = [];
    for (let index = 0; index < MANY; index += 1) people.push(await person(index));
    for (const contact_id of people) await conversation(contact_id);
    for (const contact_id of people) await ticket(contact_id);
    await comings_and_goings(people[0]);
} catch (error) {
    console.log(JSON.stringify({ object: "(writing)", error: String(error.message ?? error) }));
    process.exitCode = 1;
}
for (const [object, ids] of Object.entries(written)) console.log(JSON.stringify({ object, ids }));
