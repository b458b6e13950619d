//! The program: `derouter` serves; its other commands speak to the server that runs here.

use derouter::app::{build, serve, stop};
use derouter::clock::Clock;
use derouter::{config, telemetry};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("derouter: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    rustls::crypto::ring::default_provider().install_default().ok();
    let mut settings = config::load(&config::environment())?;
    config::secrets::fill(&mut settings)?;
    telemetry::start(&settings.log)?;
    actix_web::rt::System::new().block_on(async {
        let parts = build::build(settings, Clock::real()).await?;
        let api = serve::api(&parts)?;
        let console = serve::console(&parts)?;
        println!("API at http://{}", api.addr);
        stop::run_until_stopped(parts, vec![api, console]).await
    })
}
