//! Signed notifications of 4 kB, each about a contact.

use std::ops::Range;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

/// What signs them.
pub const SECRET: &str = "bench-secret";

/// Contacts that change, again and again.
const CONTACTS: usize = 5_000;

/// So many bytes of each are the values of one attribute.
const FILLING: usize = 3_400;

/// Requests as they go over the wire, without a head of their own making.
pub fn deliveries(numbers: Range<usize>) -> anyhow::Result<Vec<Vec<u8>>> {
    numbers.map(request).collect()
}

fn request(number: usize) -> anyhow::Result<Vec<u8>> {
    let made_at = host_test::clock::now_ms() / 1_000;
    let contact = number % CONTACTS;
    let filling = "some text ".repeat(FILLING / 10);
    let body = format!(
        concat!(
            r#"{{"type":"notification_event","app_id":"bench","id":"notif_{number:032x}","topic":"contact.user.updated","#,
            r#""delivery_status":"pending","delivery_attempts":1,"first_sent_at":{made_at},"created_at":{made_at},"self":null,"#,
            r#""data":{{"type":"notification_event_data","item":{{"type":"contact","id":"667d60a98a68186f{contact:08x}","#,
            r#""workspace_id":"bench","external_id":"user-{contact}","role":"user","email":"person{contact}@example.com","#,
            r#""name":"Person {number}","created_at":1719492777,"updated_at":{made_at},"owner_id":null,"location":{{}},"#,
            r#""custom_attributes":{{"plan_tier":"pro","seats":{contact},"about":"{filling}"}}}}}}}}"#
        ),
        number = number,
        made_at = made_at,
        contact = contact,
        filling = filling,
    );
    let mut code = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes())?;
    code.update(body.as_bytes());
    let digits: String = code
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         x-hub-signature: sha1={digits}\r\n\r\n{body}",
        body.len()
    );
    Ok(request.into_bytes())
}
