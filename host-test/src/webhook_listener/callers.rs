//! The connections of those who send: how long one may take with a request, and how many there may be.
//!
//! Whoever takes too long is cut off. When there are too many, the one that has been waited for longest makes room: a
//! sender with something to say is never kept out by those who say nothing.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::body::REQUEST_TIME;

/// How long nothing is accepted after the system refused, for want of descriptors as a rule.
const PAUSE: Duration = Duration::from_secs(1);

/// How long who is still waited for may take when everything ends.
const AT_THE_END: Duration = Duration::from_secs(2);

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For the head of a request, from the answer before or the connection's beginning on.
    pub(crate) head: Duration,
    /// So many connections are kept open while they send nothing.
    pub(crate) most: usize,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            head: REQUEST_TIME,
            // Processes have 1,024 descriptors as a rule, and need some for files and for the provider.
            most: 768,
        }
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Caller {
    /// Since when a whole request has been waited for; absent while one is worked on.
    waited_for: Mutex<Option<Instant>>,
    cut_off: Notify,
}

impl Caller {
    /// Its request is there.
    pub(crate) fn has_spoken(&self) {
        *locked(&self.waited_for) = None;
    }

    fn is_answered(&self) {
        *locked(&self.waited_for) = Some(Instant::now());
    }
}

/// The connections that are open.
#[derive(Default)]
struct Callers(Mutex<Vec<Arc<Caller>>>);

impl Callers {
    /// Takes in another one. At the limit the one that has been waited for longest goes; those that are worked on are
    /// done soon.
    fn enter(&self, most: usize) -> Arc<Caller> {
        let mut callers = locked(&self.0);
        if callers.len() >= most {
            let waited_for = |caller: &Arc<Caller>| *locked(&caller.waited_for);
            let waiting = callers.iter().enumerate();
            let longest = waiting
                .filter_map(|(place, caller)| Some((waited_for(caller)?, place)))
                .min();
            if let Some((_, place)) = longest {
                callers.swap_remove(place).cut_off.notify_one();
            }
        }
        let caller = Arc::new(Caller {
            waited_for: Mutex::new(Some(Instant::now())),
            cut_off: Notify::new(),
        });
        callers.push(Arc::clone(&caller));
        caller
    }

    fn leave(&self, caller: &Arc<Caller>) {
        locked(&self.0).retain(|one| !Arc::ptr_eq(one, caller));
    }
}

/// Serves until `stop` is done; requests under way are finished.
pub(crate) async fn serve<A>(
    listener: TcpListener,
    stop: impl Future<Output = ()>,
    patience: Patience,
    answer: impl Fn(Request<Body>) -> A + Clone + Send + Sync + 'static,
) where
    A: Future<Output = Response> + Send + 'static,
{
    let callers = Arc::new(Callers::default());
    let (stopped, stopping) = watch::channel(false);
    let mut open = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = open.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    // An answer that is held back is slower, and right all the same.
                    let _ = stream.set_nodelay(true);
                    let caller = callers.enter(patience.most);
                    let (callers, stopping) = (Arc::clone(&callers), stopping.clone());
                    let answer = answer.clone();
                    open.spawn(async move {
                        hold(stream, peer, &caller, patience, stopping, answer).await;
                        callers.leave(&caller);
                    });
                }
                Err(error) if is_of_one(error.kind()) => {}
                Err(error) => {
                    tracing::warn!("no connection could be accepted: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    // Nobody who could hear it is gone before the set is.
    let _ = stopped.send(true);
    while open.join_next().await.is_some() {}
}

/// Answers on one connection until it ends, is cut off, or everything stops.
async fn hold<A>(
    stream: TcpStream,
    peer: SocketAddr,
    caller: &Arc<Caller>,
    patience: Patience,
    mut stopping: watch::Receiver<bool>,
    answer: impl Fn(Request<Body>) -> A,
) where
    A: Future<Output = Response>,
{
    let service = service_fn(|request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(Arc::clone(caller));
        let answer = answer(request);
        async {
            let response = answer.await;
            caller.is_answered();
            Ok::<Response, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        // That a sender broke off is its own affair.
        _ = connection.as_mut() => return,
        () = caller.cut_off.notified() => return,
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
    connection.as_mut().graceful_shutdown();
    // A request that is worked on is finished; one that does not come whole comes again.
    while tokio::time::timeout(AT_THE_END, connection.as_mut())
        .await
        .is_err()
        && locked(&caller.waited_for).is_none()
    {}
}

/// Whether an error is about the one connection that was to be accepted.
fn is_of_one(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::response::IntoResponse as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn start(patience: Patience) -> (SocketAddr, tokio::sync::oneshot::Sender<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopped = async {
            let _ = stopped.await;
        };
        let answer = |_: Request<Body>| async { "here".into_response() };
        tokio::spawn(serve(listener, stopped, patience, answer));
        (address, stop)
    }

    async fn call(address: SocketAddr, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// What comes until the end of a connection.
    async fn rest(stream: &mut TcpStream) -> String {
        let mut text = Vec::new();
        let _ = stream.read_to_end(&mut text).await;
        String::from_utf8(text).unwrap()
    }

    const WHOLE: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    const LAST: &str = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

    #[tokio::test]
    async fn a_head_that_never_ends_is_cut_off_and_so_is_silence() {
        let head = Duration::from_millis(300);
        let (address, _stop) = start(Patience { head, most: 10 }).await;
        for text in ["", "GET / HTTP/1.1\r\nhost:"] {
            let began = Instant::now();
            let mut slow = call(address, text).await;
            // It says something now and then, which helps it nothing.
            let (mut reading, mut writing) = slow.split();
            let mut heard = Vec::new();
            let ended = async {
                let _ = reading.read_to_end(&mut heard).await;
            };
            let speaking = async {
                for _ in 0..100 {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    let said = if text.is_empty() { "" } else { "x" };
                    let _ = writing.write_all(said.as_bytes()).await;
                }
            };
            tokio::select! {
                () = ended => {}
                () = speaking => panic!("{text:?} is still listened to"),
            }
            assert!(began.elapsed() >= head, "{text:?}");
        }
        let mut other = call(address, LAST).await;
        assert!(rest(&mut other).await.ends_with("here"));
    }

    #[tokio::test]
    async fn whoever_has_something_to_say_is_not_kept_out_by_those_who_have_not() {
        let head = Duration::from_secs(60);
        let (address, stop) = start(Patience { head, most: 3 }).await;
        let mut silent = Vec::new();
        for _ in 0..3 {
            silent.push(call(address, "GET / HTTP/1.1\r\n").await);
        }
        for number in 0..3 {
            let mut other = call(address, WHOLE).await;
            let mut answer = [0; 15];
            other.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"HTTP/1.1 200 OK");
            // The oldest of those made room.
            assert_eq!(rest(&mut silent.remove(0)).await, "");
            drop(other);
            // Its place is free once its end is seen; the next one has to have somebody make room.
            silent.push(call(address, "GET ").await);
            if number == 0 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        // Nothing is under way any more, and nobody is waited for.
        drop(silent);
        stop.send(()).unwrap();
        let mut closed = TcpStream::connect(address).await;
        for _ in 0..100 {
            if closed.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            closed = TcpStream::connect(address).await;
        }
        panic!("it is still there");
    }
}
