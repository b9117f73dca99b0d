use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::Server;
use crate::http::send;
use crate::webhooks::{contact, notification, signature};
use crate::world::World;

/// It is in the platform's file, where no secret of the world may be.
const SECRET: &str = "of-the-silent-one";

/// The provider's API takes connections and says nothing. Whoever sends webhooks is answered all the same, before they would send
/// again.
#[test]
fn a_webhook_is_answered_while_the_api_says_nothing() {
    let world = World::new(&["--contacts", "5", "--companies", "3"]);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let lines = format!(
        "connections:\n- {{ name: one, connector: intercom, mode: realtime, endpoint: \"http://{}\", \
         credentials: {{ access_token: t, client_secret: {SECRET} }} }}\n",
        silent.local_addr().unwrap()
    );
    let server = Server::start(&world, &lines);
    let body = notification("n1", "contact.user.updated", &contact("c1"));
    let signature = signature(&body, SECRET);
    let begun = Instant::now();
    let url = format!("{}/one", server.webhooks);
    let headers = [("x-hub-signature", signature.as_str())];
    let answer = send("POST", &url, &headers, &body);
    let taken = begun.elapsed();
    assert_eq!(answer.status, 200);
    // The check alone would take half a minute.
    assert!(taken < Duration::from_secs(25), "{taken:?}");
    let problem = server.connection("one")["problem"].clone();
    let problem = problem.as_str().expect("it is said");
    assert!(problem.contains("the check took longer"), "{problem}");
    assert_eq!(server.process.terminate().code, Some(0));
}
