//! A running simulator.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::runtime::{Builder, Runtime};

use super::connection::{BreakableListener, Connection};
use super::options::Options;
use super::pipeline;
use super::workspace::Workspace;

/// A simulator that answers on loopback until it is dropped.
///
/// It runs on threads of its own, so it answers whatever the runtime of its owner does, and dropping it closes every
/// connection, idle ones too.
#[derive(Debug)]
pub struct Simulator {
    workspace: Arc<Workspace>,
    address: SocketAddr,
    /// Taken only when the simulator is dropped.
    runtime: Option<Runtime>,
}

impl Simulator {
    /// Starts a simulator; it answers as soon as this returns.
    ///
    /// # Errors
    /// When the port is taken, the time zone is unknown (`InvalidInput`), or the system refuses threads.
    pub async fn start(options: Options) -> io::Result<Simulator> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = Runner(Some(
            Builder::new_multi_thread()
                .worker_threads(2)
                .thread_name("simulator")
                .enable_all()
                .build()?,
        ));
        let handle = runtime.handle()?;
        let workspace = Workspace::new(options, format!("http://{address}"), handle.clone())?;
        let workspace = Arc::new(workspace);
        let listener = {
            let _context = handle.enter();
            BreakableListener(tokio::net::TcpListener::from_std(listener)?)
        };
        let service = Router::new()
            .fallback(pipeline::respond)
            .with_state(workspace.clone())
            .into_make_service_with_connect_info::<Connection>();
        handle.spawn(async move { axum::serve(listener, service).await });
        Ok(Simulator {
            workspace,
            address,
            runtime: runtime.keep(),
        })
    }

    /// Where it answers: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The workspace, to inspect and to change. The handle outlives the server.
    pub fn workspace(&self) -> &Arc<Workspace> {
        &self.workspace
    }

    /// Serves until the process is interrupted.
    pub async fn finished(self) {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a signal to wait for, it serves for as long as the process lives.
            std::future::pending::<()>().await;
        }
        self.shutdown().await;
    }

    /// Stops the server and waits, at most a second, for its threads.
    pub async fn shutdown(mut self) {
        if let Some(runtime) = self.runtime.take() {
            let stopped = tokio::task::spawn_blocking(move || {
                runtime.shutdown_timeout(Duration::from_secs(1))
            });
            // It fails only when the caller's own runtime stops, which ends the wait as well.
            drop(stopped.await);
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Keeps a runtime from being dropped in an asynchronous context, where that would panic.
struct Runner(Option<Runtime>);

impl Runner {
    fn handle(&self) -> io::Result<tokio::runtime::Handle> {
        let runtime = self
            .0
            .as_ref()
            .ok_or_else(|| io::Error::other("the runtime is gone"))?;
        Ok(runtime.handle().clone())
    }

    fn keep(mut self) -> Option<Runtime> {
        self.0.take()
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
