//! The bare socket of one client connection: buffered both ways, and watched for the client's leaving whatever it does.

use std::future::pending;
use std::io::ErrorKind;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Bytes read at once while waiting for a request.
const READ_STEP: usize = 4096;
/// Bytes a client may send ahead while it is being answered; beyond, its leaving shows when the answer is written.
const AHEAD_LIMIT: usize = 64 * 1024;
/// A connection that keeps more spare memory than this gives it back between requests.
const KEPT_BUFFER: usize = 16 * 1024;

/// The client has closed, or reset, its side. Half-closed counts as gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

pub struct Wire {
    socket: TcpStream,
    inbound: BytesMut,
    outbound: Vec<u8>,
    sent: u64,
}

impl Wire {
    pub fn new(socket: TcpStream) -> Self {
        Self { socket, inbound: BytesMut::new(), outbound: Vec::new(), sent: 0 }
    }

    /// What was read and not yet taken.
    pub fn inbound(&self) -> &[u8] {
        &self.inbound
    }

    /// What will be written by the next [`Self::flush`].
    pub fn outbound(&mut self) -> &mut Vec<u8> {
        &mut self.outbound
    }

    /// Bytes written so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Takes `count` read bytes.
    pub fn take(&mut self, count: usize) -> BytesMut {
        self.inbound.split_to(count)
    }

    /// Waits for more bytes.
    pub async fn fill(&mut self) -> Result<(), Gone> {
        self.inbound.reserve(READ_STEP);
        loop {
            match self.socket.try_read_buf(&mut self.inbound) {
                Ok(0) => return Err(Gone),
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.socket.readable().await.map_err(|_| Gone)?
                }
                Err(_) => return Err(Gone),
            }
        }
    }

    /// Writes everything out. Ends early if the client leaves.
    pub async fn flush(&mut self) -> Result<(), Gone> {
        let mut written = 0;
        while written < self.outbound.len() {
            match self.socket.try_write(&self.outbound[written..]) {
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.until_writable().await?,
                Err(_) => return Err(Gone),
            }
        }
        self.sent += written as u64;
        self.outbound.clear();
        Ok(())
    }

    /// Waits, unless the client leaves first.
    pub async fn pause(&mut self, time: Duration) -> Result<(), Gone> {
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            gone = watch(&self.socket, &mut self.inbound) => Err(gone),
        }
    }

    /// Waits for the client to leave.
    pub async fn hold(&mut self) -> Gone {
        watch(&self.socket, &mut self.inbound).await
    }

    /// Gives spare memory back; worth it before an answer that takes its time.
    pub fn slim(&mut self) {
        if self.inbound.is_empty() {
            self.inbound = BytesMut::new();
        }
        self.outbound.shrink_to(READ_STEP);
    }

    /// Gives back what a large request or answer has left behind.
    pub fn settle(&mut self) {
        if self.inbound.capacity() > KEPT_BUFFER || self.outbound.capacity() > KEPT_BUFFER {
            self.slim();
        }
    }

    /// Ends our side, then reads and forgets what still comes, so that the client can read our last words.
    pub async fn linger(&mut self, at_most: Duration) {
        if self.socket.shutdown().await.is_err() {
            return;
        }
        let drained = async {
            while self.fill().await.is_ok() {
                self.inbound.clear();
            }
        };
        // Either way the connection ends here.
        let _ = tokio::time::timeout(at_most, drained).await;
    }

    /// Makes the drop of this connection a reset.
    pub fn reset_on_drop(&self) {
        // Without it the drop is an ordinary close, which is the best a broken socket can do.
        let _ = self.socket.set_zero_linger();
    }

    async fn until_writable(&mut self) -> Result<(), Gone> {
        let socket = &self.socket;
        tokio::select! {
            ready = socket.writable() => ready.map_err(|_| Gone),
            gone = watch(socket, &mut self.inbound) => Err(gone),
        }
    }
}

async fn watch(socket: &TcpStream, inbound: &mut BytesMut) -> Gone {
    loop {
        if inbound.len() >= AHEAD_LIMIT {
            return pending().await;
        }
        if socket.readable().await.is_err() {
            return Gone;
        }
        match socket.try_read_buf(inbound) {
            Ok(0) => return Gone,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return Gone,
        }
    }
}
