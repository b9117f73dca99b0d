//! What is measured: a page of contacts as Intercom gives it, and a webhook.

use std::fmt::Write as _;

/// One contact of about 2,600 bytes with every field, some of which need normalising.
fn contact(index: usize) -> String {
    let id = format!("667d60a98a68186f43ba{index:04x}");
    let mut attributes = String::new();
    for number in 0..14 {
        let _ = write!(
            attributes,
            r#""attribute_number_{number}":"a value with some text {number}","#
        );
    }
    format!(
        concat!(
            r#"{{"type":"contact","id":"{id}","workspace_id":"ol9hno6x","external_id":"user-{index}","role":"user","#,
            r#""email":"person{index}@example.com","phone":"+1555010{index:04}","formatted_phone":null,"name":"Person \"{index}\" Ünïcode","#,
            r#""avatar":null,"owner_id":{owner},"social_profiles":{{"type":"list","data":[]}},"has_hard_bounced":false,"#,
            r#""marked_email_as_spam":false,"unsubscribed_from_emails":false,"created_at":1719492777,"updated_at":{updated},"#,
            r#""signed_up_at":1719492777,"last_seen_at":null,"last_replied_at":null,"last_contacted_at":1719492999,"#,
            r#""last_email_opened_at":null,"last_email_clicked_at":null,"language_override":null,"browser":"chrome","#,
            r#""browser_version":"126.0.0.0","browser_language":"en","os":"Mac OS X","location":{{"type":"location","#,
            r#""country":"Ireland","region":"Leinster","city":"Dublin","country_code":"IRL","continent_code":"EU"}},"#,
            r#""android_app_name":null,"android_app_version":null,"android_device":null,"android_os_version":null,"#,
            r#""android_sdk_version":null,"android_last_seen_at":null,"ios_app_name":null,"ios_app_version":null,"#,
            r#""ios_device":null,"ios_os_version":null,"ios_sdk_version":null,"ios_last_seen_at":null,"#,
            r#""custom_attributes":{{{attributes}"plan_tier":"pro","seats":{index}}},"#,
            r#""tags":{{"type":"list","data":[{{"id":"1","type":"tag","url":"/tags/1"}}],"url":"/contacts/{id}/tags","total_count":1,"has_more":false}},"#,
            r#""notes":{{"type":"list","data":[],"url":"/contacts/{id}/notes","total_count":0,"has_more":false}},"#,
            r#""companies":{{"type":"list","data":[{{"id":"667d60938a68186f43bafd91","type":"company","url":"/companies/667d60938a68186f43bafd91"}}],"url":"/contacts/{id}/companies","total_count":1,"has_more":false}},"#,
            r#""opted_out_subscription_types":{{"type":"list","data":[],"url":"/contacts/{id}/subscriptions","total_count":0,"has_more":false}},"#,
            r#""opted_in_subscription_types":{{"type":"list","data":[],"url":"/contacts/{id}/subscriptions","total_count":0,"has_more":false}},"#,
            r#""utm_campaign":null,"utm_content":null,"utm_medium":null,"utm_source":null,"utm_term":null,"referrer":null}}"#
        ),
        id = id,
        index = index,
        // Every tenth contact has an owner that reads "nobody" and has to be rewritten.
        owner = if index.is_multiple_of(10) {
            "0"
        } else {
            "991267390"
        },
        updated = 1_719_492_777 + index,
        attributes = attributes,
    )
}

/// So many contacts.
pub fn documents(count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|index| contact(index).into_bytes())
        .collect()
}

/// A page of the list of contacts.
pub fn contacts(count: usize) -> Vec<u8> {
    let items: Vec<String> = (0..count).map(contact).collect();
    let pages = r#"{"type":"pages","page":1,"per_page":150,"total_pages":9,"next":{"page":2,"starting_after":"WzE="}}"#;
    format!(
        r#"{{"type":"list","data":[{}],"total_count":1350,"pages":{pages}}}"#,
        items.join(",")
    )
    .into_bytes()
}

/// A notification of about so many bytes.
pub fn webhook(bytes: usize) -> Vec<u8> {
    let item = contact(7);
    let padding = "x".repeat(bytes.saturating_sub(item.len() + 300));
    let item = item.replacen(
        "\"plan_tier\":\"pro\"",
        &format!("\"plan_tier\":\"{padding}\""),
        1,
    );
    format!(
        r#"{{"type":"notification_event","app_id":"ol9hno6x","data":{{"type":"notification_event_data","item":{item}}},"links":{{}},"id":"notif_19964a4b-1fc6-4770-967c-20374963a052","topic":"contact.user.updated","delivery_status":"pending","delivery_attempts":1,"delivered_at":0,"first_sent_at":1710639325,"created_at":1710639325,"self":null}}"#
    )
    .into_bytes()
}

/// What somebody writes who is not content.
const MESSAGE: &str = "Hello,</p><p>I ordered the blue armchair with the <b>oak legs</b> on the third of May, together with two \
    lamps, and was told that everything would be here within ten working days. Only the lamps have arrived, and one of them has a \
    crack that goes right through its foot. The tracking page has said \u{201c}on its way\u{201d} for more than two weeks now, and \
    nobody answers the telephone number that it gives.</p><p>I wrote to you last Friday &amp; again on Monday; the first time I was \
    asked to wait, the second time there was no answer at all. Meanwhile my card was charged for all three things, as you can see \
    in the statement that I attach. I would like to know what became of the chair, and whether I should still expect it before \
    the end of the month, because guests are coming and there is nowhere to sit.</p><p>If it cannot be delivered, please cancel \
    that part of the order, and return what I paid for it to the same card. As for the broken lamp: your shop in Dublin offered to \
    exchange it, but they want a confirmation from you first, with the number of the order (it is 4711-0815) and a photograph, \
    which you find below. My partner says that we should simply buy the next one somewhere else, but we do like yours, and they \
    match the table that we have had from you since 2019.</p><p>One more thing: the newsletter still comes twice, once to this \
    address and once to my old one at work. Could you take the old one off the list? I tried the link at its end three times, and \
    every time it says that the page cannot be found. Thank you for looking into all of this, and have a good week.</p><p>P. S. The driver who brought the lamps was very friendly, and carried \
    them up four flights of stairs because the lift was broken; it would be nice if somebody told him that we were glad. The \
    boxes are still in the hall, should you want them back.</p><p>Kind \
    regards,<br>Ada";

/// A notification of an answer in a conversation, of four kilobytes.
pub fn reply() -> Vec<u8> {
    format!(
        concat!(
            r#"{{"type":"notification_event","app_id":"bench","data":{{"type":"notification_event_data","item":{{"type":"conversation","id":"42","#,
            r#""created_at":1719492795,"updated_at":1719492834,"waiting_since":1719492834,"snoozed_until":null,"source":{{"type":"conversation","#,
            r#""id":"403918241","delivered_as":"customer_initiated","subject":"","body":"<p>A refund, please. {text}</p>","#,
            r#""author":{{"type":"user","id":"667d60bb8a68186f43bafdc5","name":"Ada","email":"ada@example.com"}},"attachments":[],"url":null,"redacted":false}},"#,
            r#""contacts":{{"type":"contact.list","contacts":[{{"type":"contact","id":"667d60bb8a68186f43bafdc5","external_id":"70"}}]}},"#,
            r#""first_contact_reply":null,"admin_assignee_id":991267715,"team_assignee_id":5017691,"open":true,"state":"open","read":false,"#,
            r#""tags":{{"type":"tag.list","tags":[]}},"priority":"not_priority","sla_applied":null,"statistics":{{"type":"conversation_statistics","count_reopens":0}},"#,
            r#""conversation_rating":null,"teammates":null,"title":null,"custom_attributes":{{"tier":"gold"}},"topics":{{}},"ticket":null,"#,
            r#""linked_objects":{{"type":"list","data":[],"total_count":0,"has_more":false}},"ai_agent":null,"ai_agent_participated":false,"#,
            r#""conversation_parts":{{"type":"conversation_part.list","conversation_parts":[{{"type":"conversation_part","id":"96","part_type":"comment","#,
            r#""body":"<p>Is anybody there?</p>","created_at":1719492834,"updated_at":1719492834,"notified_at":1719492834,"assigned_to":null,"#,
            r#""author":{{"id":"667d60bb8a68186f43bafdc5","type":"user","name":"Ada","email":"ada@example.com"}},"attachments":[],"external_id":null,"redacted":false}}],"total_count":1}}}}}},"#,
            r#""links":{{}},"id":"notif_1","topic":"conversation.user.replied","delivery_status":"pending","delivery_attempts":1,"delivered_at":0,"first_sent_at":1710639325,"created_at":1710639325,"self":null}}"#
        ),
        text = MESSAGE
    )
    .into_bytes()
}
