//! `derouter check`: every condition of the ledger, one line each.

use crate::config::settings::Settings;
use crate::store::checker::{self, CONDITIONS};
use crate::store::pool::Database;
use crate::store::private_postgres::PrivatePostgres;
use anyhow::Context;
use secrecy::ExposeSecret;

/// The database of this installation: the one that is set, or the private cluster if it runs.
///
/// # Errors
/// If neither is there.
pub fn database(settings: &Settings) -> anyhow::Result<Database> {
    let url = match settings.database_url() {
        Some(url) => url.expose_secret().to_owned(),
        None => PrivatePostgres::running(&settings.data_dir)
            .context("the private database does not run: start the server with ./run, or set DATABASE_URL")?
            .url(),
    };
    Ok(Database::at(&url)?)
}

/// Prints every condition; true if all hold.
///
/// # Errors
/// If the database cannot be asked.
pub async fn run(settings: &Settings) -> anyhow::Result<bool> {
    let pool = database(settings)?.pool();
    let findings = checker::check(&pool).await?;
    for (name, words) in CONDITIONS {
        let broken: Vec<_> = findings.iter().filter(|f| f.breaks(name)).collect();
        println!("{name:4} {} {words}", if broken.is_empty() { "ok    " } else { "BROKEN" });
        broken.iter().for_each(|f| println!("            {} {}", f.fault, f.id));
    }
    println!("{} findings", findings.len());
    Ok(findings.is_empty())
}
