//! Starts, steers and stops a sandbox.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{JoinHandle, JoinSet};

use crate::upstream::sandbox::connection::{self, Shared, Standing};
use crate::upstream::sandbox::record::{Log, RecordedRequest};
use crate::upstream::sandbox::script::ScriptError;

/// Connections that may wait to be accepted: thousands of streams are opened at once by the load test.
const BACKLOG: u32 = 8192;
/// Pause after an accept failed, mostly for want of file descriptors, which only time gives back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// What a sandbox is started with.
pub struct SandboxSettings {
    /// Port 0 takes any free one.
    pub listen: SocketAddr,
    /// What clients must bring, as `x-api-key` or as bearer token.
    pub credential: String,
    /// Whether requests are remembered; without it only counted.
    pub record: bool,
}

/// The simulated provider.
pub struct Sandbox;

impl Sandbox {
    /// Listens and serves, by tasks on the current tokio runtime, until the handle is stopped or dropped.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn start(settings: SandboxSettings) -> io::Result<SandboxHandle> {
        let listener = listen(settings.listen)?;
        let addr = listener.local_addr()?;
        let log = Log::new(settings.record);
        let shared = Arc::new(Shared { credential: settings.credential, standing: Standing::default(), log });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(SandboxHandle { addr, shared, task })
    }
}

/// A running sandbox.
pub struct SandboxHandle {
    addr: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl SandboxHandle {
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The remembered requests, oldest first.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.log.requests()
    }

    /// Requests that reached the provider's own paths, forgotten ones included.
    pub fn counted(&self) -> u64 {
        self.shared.log.counted()
    }

    /// Client connections open now, steering ones included.
    pub fn open_connections(&self) -> usize {
        self.shared.log.open_connections()
    }

    /// Milliseconds since the start, the clock of [`RecordedRequest`].
    pub fn now_ms(&self) -> u64 {
        self.shared.log.now_ms()
    }

    /// Sets the script of requests that bring none: one for all, or an array for the next ones in turn.
    ///
    /// # Errors
    /// If a script cannot be played; then nothing has changed.
    pub fn set_scenario(&self, script: Value) -> Result<(), ScriptError> {
        self.shared.standing.set(script)
    }

    /// Goes back to ordinary good answers.
    pub fn reset_scenario(&self) {
        self.shared.standing.reset();
    }

    /// Waits until the remembered requests satisfy `holds`; asked again whenever one arrives, is answered or closes.
    pub async fn until(&self, holds: impl Fn(&[RecordedRequest]) -> bool) {
        self.shared.log.until(|log| holds(&log.requests())).await;
    }

    /// Waits until no client connection is open.
    pub async fn until_idle(&self) {
        self.shared.log.until(|log| log.open_connections() == 0).await;
    }

    /// Closes the listener and cuts every connection soon: from then on the provider is down.
    pub fn fail(&self) {
        self.task.abort();
    }

    /// Closes the listener and cuts every connection.
    pub async fn stop(mut self) {
        self.task.abort();
        // An aborted task is what was asked for.
        let _ = (&mut self.task).await;
    }
}

impl Drop for SandboxHandle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Dropped with this task, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => {
                    // An answer that waits for an acknowledgement is slower, not wrong.
                    let _ = socket.set_nodelay(true);
                    connections.spawn(connection::serve(socket, Arc::clone(&shared)));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}
