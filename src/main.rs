//! The program: `derouter` serves; its other commands speak to the server that runs here.

use clap::Parser;
use derouter::cli::args::{Cli, Command};
use derouter::cli::run;
use derouter::store::unprivileged::Unprivileged;
use derouter::{config, telemetry};
use std::process::ExitCode;

fn main() -> ExitCode {
    match start() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("derouter: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> anyhow::Result<bool> {
    let cli = Cli::parse();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut settings = config::load(&config::environment())?;
    let serves = matches!(cli.command, None | Some(Command::Serve));
    if serves
        && settings.database_url().is_none()
        && let Some(user) = Unprivileged::wanted()?
    {
        user.give(&settings.data_dir)?;
        return Err(user.become_now().into());
    }
    if serves {
        config::secrets::fill(&mut settings)?;
    }
    telemetry::start(&settings.log)?;
    actix_web::rt::System::new().block_on(run::run(cli, settings))
}
