//! Throttles and news with Redis there, gone and silent (`faults.md` D1 to D4).

use derouter::store::volatile::{RedisSettings, RedisState, Volatile};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const MINUTE: Duration = Duration::from_secs(60);

/// A Redis of this test alone, on a unix socket.
struct Redis {
    folder: TempDir,
    child: Child,
}

impl Redis {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let socket = folder.path().join("redis.sock");
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--unixsocket"])
            .arg(&socket)
            .arg("--dir")
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is missing; ./test installs it");
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            std::thread::yield_now();
        }
        Redis { folder, child }
    }

    fn url(&self) -> String {
        format!("redis+unix://{}", self.folder.path().join("redis.sock").display())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn with_redis(url: String) -> Volatile {
    let settings =
        RedisSettings { url, answer_within: Duration::from_millis(200), retry_after: Duration::from_secs(5) };
    Volatile::new(Some(settings)).expect("a url of Redis")
}

#[tokio::test]
async fn a_throttle_survives_a_restart_where_there_is_a_redis() {
    let redis = Redis::start();
    let before = with_redis(redis.url());
    for _ in 0..3 {
        assert!(before.allow("codes:a", 3, MINUTE, 0).await);
    }
    assert_eq!(before.redis_state(0), RedisState::Answers);
    drop(before);
    let after = with_redis(redis.url());
    assert!(!after.allow("codes:a", 3, MINUTE, 0).await);
    assert!(after.allow("codes:b", 3, MINUTE, 0).await);
}

#[tokio::test]
async fn d01_without_its_redis_a_throttle_counts_in_memory() {
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let volatile = with_redis(format!("redis://{nobody}"));
    assert!(volatile.allow("a", 1, MINUTE, 0).await);
    assert!(!volatile.allow("a", 1, MINUTE, 0).await);
    assert_eq!(volatile.redis_state(0), RedisState::Resting);
    assert_eq!(volatile.redis_state(5_000), RedisState::Answers);
}

#[tokio::test]
async fn d03_a_redis_that_says_nothing_is_waited_for_once_and_shortly() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let volatile = with_redis(format!("redis://{}", silent.local_addr().expect("bound")));
    let started = tokio::time::Instant::now();
    for _ in 0..1_000 {
        assert!(volatile.allow("a", 1_000, MINUTE, 0).await);
    }
    assert!(started.elapsed() < Duration::from_secs(2), "asked once, and not for longer than it may take");
}

#[tokio::test]
async fn d02_a_redis_killed_meanwhile_changes_no_answer() {
    let redis = Redis::start();
    let volatile = with_redis(redis.url());
    assert!(volatile.allow("a", 2, MINUTE, 0).await);
    drop(redis);
    assert!(volatile.allow("a", 2, MINUTE, 1).await);
    assert!(!volatile.allow("a", 2, MINUTE, 2).await);
}
