//! A PostgreSQL cluster of one test, which it may stop and start as it likes.

use crate::support::app::until;
use crate::support::cluster;
use derouter::store::pool::Database;
use derouter::store::private_postgres::{Durability, PrivatePostgres};
use sqlx::PgPool;
use std::path::PathBuf;
use std::process::{Child, Command};

/// How a server is told to stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// Sessions are ended, everything is written.
    Fast,
    /// As by a crash of the server.
    Immediate,
}

/// The cluster; it is removed when its watchdog sees this value go.
pub struct OwnCluster {
    folder: PathBuf,
    pub url: String,
    _watchdog: Child,
}

impl OwnCluster {
    pub async fn start() -> Self {
        let folder = cluster::new_folder().expect("a folder for a cluster");
        let _watchdog = cluster::watch(&folder).expect("a watchdog for the cluster");
        let private = PrivatePostgres::start_with(&folder.join("data"), Durability::Throwaway).await;
        OwnCluster { url: private.expect("PostgreSQL starts").url(), folder, _watchdog }
    }

    pub fn pool(&self) -> PgPool {
        Database::at(&self.url).expect("our own url").pool()
    }

    /// Stops the server and waits until it is gone.
    pub async fn stop(&self, how: Stop) {
        let noted = self.folder.join("data/postgres/postmaster.pid");
        let text = std::fs::read_to_string(&noted).expect("the server runs");
        let signal = if how == Stop::Fast { "-INT" } else { "-QUIT" };
        let pid = text.lines().next().expect("a pid");
        assert!(Command::new("kill").args([signal, pid]).status().expect("kill is there").success());
        until("the server is gone", async || !noted.exists()).await;
    }

    /// Starts it again; after an immediate stop it repairs itself.
    pub async fn start_again(&self) {
        let private = PrivatePostgres::start_with(&self.folder.join("data"), Durability::Throwaway).await;
        assert_eq!(private.expect("PostgreSQL starts again").url(), self.url);
    }
}
