//! The program: `derouter` serves; its other commands speak to the server that runs here.

use clap::Parser;
use derouter::cli::args::{Cli, Command};
use derouter::cli::run;
use derouter::store::unprivileged;
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
    if matches!(cli.command, None | Some(Command::Serve)) {
        unprivileged::leave_root(&settings.data_dir)?;
        config::secrets::fill(&mut settings)?;
    }
    telemetry::start(&settings.log)?;
    actix_web::rt::System::new().block_on(run::run(cli, settings))
}
