//! A TCP proxy in front of the test cluster's socket that cuts the ledger's connection at a chosen point of a commit.

use derouter::store::pool::Database;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// Where the next commit loses its connection; 0 stands for nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Cut {
    /// The server never sees it.
    BeforeItArrives = 1,
    /// The server has carried it out; its answer is lost.
    AfterItsAnswer = 2,
    /// The server sees it and the connection at once go.
    WhileItRuns = 3,
}

/// The proxy; its task ends with the runtime of the test.
pub struct Cutter {
    addr: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    next: AtomicU8,
    cuts: AtomicUsize,
}

impl Cutter {
    /// Listens for what goes to the cluster of `url`.
    pub async fn start(url: &str) -> Self {
        Database::at(url).expect("our own url");
        let host = url.split("host=").nth(1).expect("a socket's folder").replace("%2F", "/");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let (addr, state) = (listener.local_addr().expect("an address"), Arc::new(State::default()));
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(format!("{host}/.s.PGSQL.5432")).await;
                let Ok(server) = server else { continue };
                tokio::spawn(carry(client, server, shared.clone()));
            }
        });
        Cutter { addr, state }
    }

    /// The same database through the proxy.
    pub fn url(&self, direct: &str) -> String {
        let name = direct.split('?').next().and_then(|u| u.rsplit('/').next()).expect("a database");
        format!("postgres://derouter@{}/{name}", self.addr)
    }

    /// Arms the cut of the next commit.
    pub fn arm(&self, cut: Cut) {
        self.state.next.store(cut as u8, Ordering::Release);
    }

    /// Cuts made so far.
    pub fn cuts(&self) -> usize {
        self.state.cuts.load(Ordering::Acquire)
    }
}

/// Carries both ways until one side ends or the cut comes.
async fn carry(mut client: TcpStream, mut server: UnixStream, state: Arc<State>) {
    let _ = client.set_nodelay(true);
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    // The ledger's connection is the one that has named the function; its later commits name a prepared statement.
    let mut is_lane = false;
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(count @ 1..) = read else { return };
                let sent = &up[..count];
                let is_commit = is_lane && sent.first() == Some(&b'B');
                is_lane |= sent.windows(7).any(|w| w == b"commit_");
                let cut = if is_commit { state.next.swap(0, Ordering::AcqRel) } else { 0 };
                if cut == Cut::BeforeItArrives as u8 {
                    state.cuts.fetch_add(1, Ordering::AcqRel);
                    return;
                }
                if server.write_all(sent).await.is_err() {
                    return;
                }
                if cut != 0 {
                    if cut == Cut::AfterItsAnswer as u8 {
                        let _ = server.read(&mut down).await;
                    }
                    state.cuts.fetch_add(1, Ordering::AcqRel);
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(count @ 1..) = read else { return };
                if client.write_all(&down[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}
