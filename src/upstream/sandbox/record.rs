//! Remembers what reached the sandbox, and when each client connection closed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::upstream::sandbox::ask::Ask;
use crate::upstream::sandbox::head::Head;

/// Requests remembered; older ones are forgotten, so a long run stays small.
const KEPT: usize = 10_000;
/// Stands for "not yet" in a millisecond field.
const NOT_YET: u64 = u64::MAX;

/// One request as it arrived, and what became of it. Times are milliseconds since the sandbox started.
#[derive(Debug, Clone, Serialize)]
pub struct RecordedRequest {
    /// Counts from 1.
    pub number: u64,
    pub connection: u64,
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    pub headers: Vec<(String, String)>,
    pub body_bytes: usize,
    pub body_sha256: String,
    pub model: Option<String>,
    pub streamed: Option<bool>,
    pub max_tokens: Option<u64>,
    pub arrived_ms: u64,
    /// Absent while nothing was answered.
    pub status: Option<u16>,
    /// Bytes this connection had been sent when the answer was complete.
    pub sent: u64,
    /// When the last byte of the answer was written; absent if it never was.
    pub answered_ms: Option<u64>,
    /// When its connection closed; absent while it is open.
    pub closed_ms: Option<u64>,
}

/// The memory of one sandbox.
pub struct Log {
    keeps: bool,
    started: Instant,
    entries: Mutex<VecDeque<Arc<Entry>>>,
    requests: AtomicU64,
    connections: AtomicU64,
    open: AtomicUsize,
    changed: Notify,
}

/// An open connection; its drop is the close.
pub struct Link {
    log: Arc<Log>,
    number: u64,
    closed_ms: Arc<AtomicU64>,
}

/// A request under way.
pub struct Entry {
    request: RecordedRequest,
    status: AtomicU16,
    sent: AtomicU64,
    answered_ms: AtomicU64,
    closed_ms: Arc<AtomicU64>,
}

impl Log {
    pub fn new(keeps: bool) -> Arc<Self> {
        Arc::new(Self {
            keeps,
            started: Instant::now(),
            entries: Mutex::new(VecDeque::new()),
            requests: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            changed: Notify::new(),
        })
    }

    pub fn keeps(&self) -> bool {
        self.keeps
    }

    pub fn connect(self: &Arc<Self>) -> Link {
        self.open.fetch_add(1, Ordering::Relaxed);
        let number = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        Link { log: Arc::clone(self), number, closed_ms: Arc::new(AtomicU64::new(NOT_YET)) }
    }

    /// Numbers the next request, from 1.
    pub fn count(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Requests counted so far, forgotten ones included.
    pub fn counted(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub fn open_connections(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.entries.lock().iter().map(|entry| entry.snapshot()).collect()
    }

    pub fn forget(&self) {
        self.entries.lock().clear();
    }

    pub fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    /// Waits until `holds`; it is asked again after every change.
    pub async fn until(&self, holds: impl Fn(&Self) -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Enabled before the question, or a change between the two would be missed.
            changed.as_mut().enable();
            if holds(self) {
                return;
            }
            changed.await;
        }
    }
}

impl Link {
    /// Remembers a request of this connection, if the log keeps any.
    pub fn record(&self, number: u64, head: Head, body: &[u8], ask: Option<&Ask>) -> Option<Arc<Entry>> {
        if !self.log.keeps {
            return None;
        }
        let entry = Arc::new(Entry {
            request: RecordedRequest {
                number,
                connection: self.number,
                method: head.method,
                path: head.path,
                query: head.query,
                headers: head.headers,
                body_bytes: body.len(),
                body_sha256: hex::encode(Sha256::digest(body)),
                model: ask.map(|ask| ask.model.clone()),
                streamed: ask.map(|ask| ask.streamed),
                max_tokens: ask.and_then(|ask| ask.max_tokens),
                arrived_ms: self.log.now_ms(),
                status: None,
                sent: 0,
                answered_ms: None,
                closed_ms: None,
            },
            status: AtomicU16::new(0),
            sent: AtomicU64::new(0),
            answered_ms: AtomicU64::new(NOT_YET),
            closed_ms: Arc::clone(&self.closed_ms),
        });
        let mut entries = self.log.entries.lock();
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(Arc::clone(&entry));
        drop(entries);
        self.log.changed.notify_waiters();
        Some(entry)
    }

    /// Notes that an answer is complete.
    pub fn answered(&self, entry: &Entry, sent: u64) {
        entry.sent.store(sent, Ordering::Relaxed);
        entry.answered_ms.store(self.log.now_ms(), Ordering::Release);
        self.log.changed.notify_waiters();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.closed_ms.store(self.log.now_ms(), Ordering::Release);
        self.log.open.fetch_sub(1, Ordering::Release);
        self.log.changed.notify_waiters();
    }
}

impl Entry {
    /// Notes the status about to be sent.
    pub fn begins(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    fn snapshot(&self) -> RecordedRequest {
        let at = |time: &AtomicU64| Some(time.load(Ordering::Acquire)).filter(|at| *at != NOT_YET);
        RecordedRequest {
            status: Some(self.status.load(Ordering::Relaxed)).filter(|status| *status != 0),
            answered_ms: at(&self.answered_ms),
            sent: self.sent.load(Ordering::Relaxed),
            closed_ms: at(&self.closed_ms),
            ..self.request.clone()
        }
    }
}
