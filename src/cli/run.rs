//! Carries a command out.

use crate::app::stop::Signals;
use crate::app::{build, serve, sites, stop};
use crate::cli::args::{Account, Cli, Code, Command, Freeze, Key, NewPrice, Price, Topup};
use crate::cli::console::Console;
use crate::cli::{check, doctor, welcome};
use crate::clock::Clock;
use crate::config::settings::Settings;
use crate::upstream::sandbox::server::{Sandbox, SandboxSettings};
use anyhow::{Context, bail};
use form_urlencoded::Serializer;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Carries a command out; false if it found something wrong.
///
/// # Errors
/// In words for the operator.
pub async fn run(cli: Cli, settings: Settings) -> anyhow::Result<bool> {
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve_until_stopped(settings).await.map(|()| true),
        Command::Account(command) => show(account(&settings, command).await?),
        Command::Key(command) => show(key(&settings, command).await?),
        Command::Price(command) => price(&settings, command).await,
        Command::Topup(command) => topup(&settings, command).await,
        Command::Code(command) => code(&settings, command).await,
        Command::Reconcile { days } => reconcile(&settings, days).await,
        Command::Check => check::run(&settings).await,
        Command::Doctor => Ok(doctor::run(&settings).await),
        Command::Sandbox(a) => {
            sandbox(SandboxSettings { listen: a.listen, credential: a.credential, record: a.record }).await
        }
    }
}

async fn serve_until_stopped(settings: Settings) -> anyhow::Result<()> {
    let parts = build::build(settings, Clock::real()).await?;
    match listen(&parts) {
        Ok(listening) => {
            let signals = Signals::listen()?;
            println!("{}", welcome::text(&parts, &listening));
            stop::run_until_stopped(parts, listening, signals).await;
            Ok(())
        }
        // A taken port, most often: what runs already goes down in order.
        Err(error) => {
            stop::stop(parts, Vec::new()).await;
            Err(error)
        }
    }
}

/// All listeners, or none: a taken port is named before anything is served.
fn listen(parts: &build::Parts) -> anyhow::Result<Vec<serve::Listening>> {
    // The console first: pages of the dashboard name the checkout that it serves.
    let (console, api) = (serve::console(parts)?, serve::api(parts)?);
    Ok(vec![api, sites::dashboard(parts)?, sites::portal(parts)?, console])
}

async fn sandbox(settings: SandboxSettings) -> anyhow::Result<bool> {
    let sandbox = Sandbox::start(settings).await.context("the sandbox cannot listen")?;
    println!("sandbox     http://{}", sandbox.addr());
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(true)
}

async fn account(settings: &Settings, command: Account) -> anyhow::Result<Value> {
    let console = Console::of(settings)?;
    match command {
        Account::Create => console.post("/op/accounts", &json!({})).await,
        Account::Show { account } => console.get(&format!("/op/accounts/{account}")).await,
        Account::Deposit(d) => {
            let body = json!({ "amount": d.amount, "id": id(d.id) });
            console.post(&format!("/op/accounts/{}/deposit", d.account), &body).await
        }
        Account::Adjust(a) => {
            let body = json!({ "amount": a.amount, "reason": a.reason, "id": id(a.id) });
            console.post(&format!("/op/accounts/{}/adjust", a.account), &body).await
        }
        Account::Freeze(f) => freeze(&console, f, true).await,
        Account::Thaw(f) => freeze(&console, f, false).await,
    }
}

async fn freeze(console: &Console, f: Freeze, frozen: bool) -> anyhow::Result<Value> {
    let body = json!({ "reason": f.reason, "frozen": frozen, "id": id(f.id) });
    console.post(&format!("/op/accounts/{}/freeze", f.account), &body).await
}

async fn key(settings: &Settings, command: Key) -> anyhow::Result<Value> {
    let console = Console::of(settings)?;
    match command {
        Key::Show { key } => console.get(&format!("/op/keys/{key}")).await,
        Key::Create(k) => {
            let body = json!({
                "label": k.label, "budget": k.budget, "cost": k.cost, "rpm": k.rpm, "concurrency": k.concurrency, "id": id(k.id),
            });
            console.post(&format!("/op/accounts/{}/keys", k.account), &body).await
        }
    }
}

async fn price(settings: &Settings, command: Price) -> anyhow::Result<bool> {
    let console = Console::of(settings)?;
    match command {
        Price::Set(new) => show(console.post("/op/prices", &new_price(new)?).await?),
        Price::List => {
            let answer = console.get("/op/prices").await?;
            for row in answer["prices"].as_array().into_iter().flatten() {
                let rates = row["usd_per_million_tokens"].as_object().into_iter().flatten();
                let rates: Vec<String> = rates.map(|(m, r)| format!("{m}={}", r.as_str().unwrap_or("?"))).collect();
                let offered = if row["offered"] == true { "offered" } else { "-" };
                println!(
                    "{:40} v{:<3} {:8} {}",
                    row["model"].as_str().unwrap_or("?"),
                    row["version"],
                    offered,
                    rates.join(" ")
                );
            }
            Ok(true)
        }
    }
}

async fn topup(settings: &Settings, command: Topup) -> anyhow::Result<bool> {
    let console = Console::of(settings)?;
    match command {
        Topup::Credit { topup } => show(console.post(&format!("/op/topups/{topup}/credit"), &json!({})).await?),
        Topup::Close { topup, reason } => {
            show(console.post(&format!("/op/topups/{topup}/close"), &json!({ "reason": reason })).await?)
        }
        Topup::Refund(r) => {
            let body = json!({ "amount": r.amount, "reason": r.reason, "approved_by": r.approved_by, "id": r.id });
            show(console.post(&format!("/op/topups/{}/refund", r.topup), &body).await?)
        }
        Topup::List { account: Some(account) } => {
            let answer = console
                .get(&format!(
                    "/op/topups?{}",
                    Serializer::new(String::new()).append_pair("account", &account).finish()
                ))
                .await?;
            print_orders(&answer);
            print_refunds(&answer);
            Ok(true)
        }
        Topup::List { account: None } => {
            let answer = console.get("/op/topups").await?;
            for row in answer["topups"].as_array().into_iter().flatten() {
                let text = |field: &str| row[field].as_str().unwrap_or("-").to_owned();
                let (came, asked) = (text("received"), text("requested"));
                println!(
                    "{}  {} of {asked} USD came  {}  account {}",
                    text("topup"),
                    came,
                    text("reason"),
                    text("account")
                );
            }
            print_refunds(&answer);
            Ok(true)
        }
    }
}

fn print_orders(answer: &Value) {
    for row in answer["topups"].as_array().into_iter().flatten() {
        let text = |field: &str| row[field].as_str().unwrap_or("-").to_owned();
        let (id, state, credited, back) = (text("topup"), text("state"), text("credited"), text("taken_back"));
        println!("{id}  {state:13} {credited:>12} USD credited  {back:>12} taken back  {}", text("provider"));
    }
}

fn print_refunds(answer: &Value) {
    for row in answer["refunds"].as_array().into_iter().flatten() {
        let text = |field: &str| row[field].as_str().unwrap_or("-").to_owned();
        let (topup, amount, state) = (text("topup"), text("amount"), text("state"));
        println!("refund of {topup}  {amount:>12} USD  {state:8}  {}  {}", text("reason"), text("told"));
    }
}

async fn code(settings: &Settings, command: Code) -> anyhow::Result<bool> {
    let console = Console::of(settings)?;
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or("-").to_owned();
    match command {
        Code::Revoke { id } => show(console.post(&format!("/op/codes/{id}/revoke"), &json!({})).await?),
        Code::Mint(m) => {
            let body = json!({ "amount": m.amount, "count": m.count, "expires": m.expires, "note": m.note });
            let answer = console.post("/op/codes", &body).await?;
            for row in answer["codes"].as_array().into_iter().flatten() {
                println!("{}  {}", text(row, "code"), text(row, "id"));
            }
            Ok(true)
        }
        Code::List => {
            let answer = console.get("/op/codes").await?;
            for row in answer["codes"].as_array().into_iter().flatten() {
                let (id, state, account) = (text(row, "id"), text(row, "state"), text(row, "account"));
                println!("{id}  {:8} {:>10} USD  account {account}  {}", state, text(row, "amount"), text(row, "note"));
            }
            Ok(true)
        }
    }
}

async fn reconcile(settings: &Settings, days: i64) -> anyhow::Result<bool> {
    let answer = Console::of(settings)?.post("/op/reconcile", &json!({ "days": days })).await?;
    let rows = |field: &str| answer[field].as_array().cloned().unwrap_or_default();
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or("-").to_owned();
    for row in rows("gross") {
        let (day, provider, credited) = (text(&row, "day"), text(&row, "provider"), text(&row, "credited"));
        println!("{day}  {provider:10} {:>6} orders  {credited:>16} USD credited", row["orders"]);
    }
    for row in rows("differences") {
        let (kind, payment, topup) = (text(&row, "kind"), text(&row, "payment"), text(&row, "topup"));
        let (ours, theirs) = (text(&row, "credited"), text(&row, "received"));
        let end = if row["settled"] == true { "settled" } else { "REMAINS" };
        println!("{end}  {kind:15} {payment}  credited {ours}, received {theirs}  top-up {topup}");
    }
    println!("{} differences remain", answer["remaining"]);
    Ok(answer["remaining"] == 0)
}

fn new_price(new: NewPrice) -> anyhow::Result<Value> {
    let mut rates = Map::new();
    for rate in new.rates {
        let Some((meter, usd)) = rate.split_once('=') else { bail!("write rates as meter=usd, such as input=3") };
        if rates.insert(meter.to_owned(), Value::String(usd.to_owned())).is_some() {
            bail!("{meter} is given twice: write each meter once");
        }
    }
    let enabled = if new.disable { json!(false) } else { Value::Null };
    Ok(json!({ "model": new.model, "like": new.like, "from": new.from, "enabled": enabled, "rates": rates }))
}

fn id(given: Option<String>) -> String {
    given.unwrap_or_else(|| Uuid::new_v4().to_string())
}

fn show(answer: Value) -> anyhow::Result<bool> {
    for (name, value) in answer.as_object().into_iter().flatten() {
        println!("{name:12} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    Ok(true)
}
