//! `derouter doctor`: what this installation has and what it lacks, each with what to do.

use crate::cli::{check, console::Console};
use crate::config::settings::Settings;
use crate::store::postgres_binaries;

/// Prints one line a part; true if nothing is missing.
pub async fn run(settings: &Settings) -> bool {
    let mut well = true;
    let mut line = |part: &str, found: Result<String, String>| {
        well &= found.is_ok();
        let (mark, words) = match found {
            Ok(words) => ("ok     ", words),
            Err(words) => ("MISSING", words),
        };
        println!("{mark} {part:10} {words}");
    };
    line("settings", Ok(format!("profile {:?}, data in {}", settings.profile, settings.data_dir.display())));
    line("postgres", postgres(settings));
    line("database", database(settings).await);
    line("server", server(settings).await);
    well
}

fn postgres(settings: &Settings) -> Result<String, String> {
    if settings.database_url().is_some() {
        return Ok("DATABASE_URL is used".into());
    }
    postgres_binaries::find(None)
        .map(|b| format!("PostgreSQL {} in {}", b.major, b.folder.display()))
        .map_err(|e| e.to_string())
}

async fn database(settings: &Settings) -> Result<String, String> {
    let database = check::database(settings).map_err(|e| e.to_string())?;
    let answer = sqlx::query_scalar::<_, String>("SHOW server_version").fetch_one(&database.pool()).await;
    answer.map(|version| format!("PostgreSQL {version} answers")).map_err(|e| format!("does not answer: {e}"))
}

async fn server(settings: &Settings) -> Result<String, String> {
    let console = Console::of(settings).map_err(|e| e.to_string())?;
    console
        .get("/op/prices")
        .await
        .map(|p| format!("answers; {} price rows", p["prices"].as_array().map_or(0, Vec::len)))
        .map_err(|e| e.to_string())
}
