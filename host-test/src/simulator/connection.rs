//! Connections that can be broken on purpose.
//!
//! A fault like a reset or half a body must look to a client as it does in production, so it is made where the bytes
//! are written: the answer goes through the HTTP server unharmed and is cut on its way into the socket.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Says how one connection is to break; shared by the connection and the requests on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Breaker(Arc<Mutex<Breakage>>);

/// How the next answer on a connection is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Breakage {
    /// Whole.
    #[default]
    None,
    /// Not at all: the peer sees a reset.
    Reset,
    /// Head, then so many bytes of body, then the end of the stream.
    CutAfterBody(usize),
    /// The head is out; so many bytes of body are still let through.
    InBody(usize),
}

impl Breaker {
    /// Breaks the connection at the next answer.
    pub(crate) fn set(&self, breakage: Breakage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = breakage;
    }

    fn get(&self) -> Breakage {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Accepts breakable connections.
#[derive(Debug)]
pub(crate) struct BreakableListener(pub(crate) TcpListener);

impl Listener for BreakableListener {
    type Io = BreakableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (BreakableStream, SocketAddr) {
        // The implementation for `TcpListener` waits out errors such as too many open files.
        let (stream, address) = Listener::accept(&mut self.0).await;
        if let Err(error) = stream.set_nodelay(true) {
            // Without it a page may wait for an acknowledgement; it still arrives.
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        let stream = BreakableStream {
            stream,
            breaker: Breaker::default(),
        };
        (stream, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A connection, with the switch that breaks it.
#[derive(Debug)]
pub(crate) struct BreakableStream {
    stream: TcpStream,
    breaker: Breaker,
}

/// What a request knows of its connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// Breaks it.
    pub(crate) breaker: Breaker,
}

impl Connected<IncomingStream<'_, BreakableListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, BreakableListener>) -> Connection {
        Connection {
            breaker: stream.io().breaker.clone(),
        }
    }
}

impl AsyncRead for BreakableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for BreakableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let left = match self.breaker.get() {
            Breakage::None => return Pin::new(&mut self.stream).poll_write(context, bytes),
            Breakage::Reset => {
                // With zero linger the close that follows sends a reset, not an orderly end.
                self.stream.set_zero_linger()?;
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            // The server writes a head in one piece, so its end lies within these bytes.
            Breakage::CutAfterBody(body) => body_start(bytes).saturating_add(body),
            Breakage::InBody(0) => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            Breakage::InBody(left) => left,
        };
        let allowed = left.min(bytes.len());
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes[..allowed]))?;
        self.breaker
            .set(Breakage::InBody(left.saturating_sub(written)));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Where the body begins in bytes that begin with a response head.
fn body_start(bytes: &[u8]) -> usize {
    bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .map_or(bytes.len(), |end| end + 4)
}
