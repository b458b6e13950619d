//! What may be typed.

use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;

/// A prepaid platform for reselling LLM API credit, with exact money.
#[derive(Parser, Debug)]
#[command(name = "derouter", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Start the server (the default).
    Serve,
    /// Reseller accounts.
    #[command(subcommand)]
    Account(Account),
    /// Client keys.
    #[command(subcommand)]
    Key(Key),
    /// Model prices.
    #[command(subcommand)]
    Price(Price),
    /// Payments that came and do not fit what was asked.
    #[command(subcommand)]
    Topup(Topup),
    /// Redemption codes: worth money once.
    #[command(subcommand)]
    Code(Code),
    /// Compare the payment providers' lists with our orders; exits with 1 where differences remain.
    Reconcile {
        /// Days to go back, 1 to 90.
        #[arg(long, default_value_t = 4)]
        days: i64,
    },
    /// Check the whole ledger; exits with 1 on a finding.
    Check,
    /// Say what this installation has and what it lacks.
    Doctor,
    /// Run the simulated provider alone.
    Sandbox(Sandbox),
}

#[derive(Subcommand, Debug)]
pub enum Account {
    /// Make an account that no person signs in to.
    Create,
    /// Credit money that was paid outside the payment providers.
    Deposit(Deposit),
    /// Show the balance of an account, by id or e-mail address.
    Show { account: String },
    /// Grant (+5.00) or take back (-5.00) at the platform's expense.
    Adjust(Adjust),
    /// Stop new keys, top-ups and calls; running calls finish.
    Freeze(Freeze),
    /// Lift one freeze.
    Thaw(Freeze),
}

#[derive(Args, Debug)]
pub struct Deposit {
    /// Id or e-mail address.
    pub account: String,
    /// US dollars, such as 200 or 34.20.
    pub amount: String,
    /// Repeat a deposit with its id and nothing happens twice.
    #[arg(long)]
    pub id: Option<String>,
}

#[derive(Args, Debug)]
pub struct Adjust {
    pub account: String,
    #[arg(allow_hyphen_values = true)]
    pub amount: String,
    /// Why; it stays in the journal.
    #[arg(long)]
    pub reason: String,
    #[arg(long)]
    pub id: Option<String>,
}

#[derive(Args, Debug)]
pub struct Freeze {
    pub account: String,
    #[arg(long)]
    pub reason: String,
    #[arg(long)]
    pub id: Option<String>,
}

#[derive(Subcommand, Debug)]
pub enum Key {
    /// Show both sides of a key.
    Show { key: String },
    /// Cut a key with limits of its own.
    Create(NewKey),
}

#[derive(Args, Debug)]
pub struct NewKey {
    pub account: String,
    pub label: String,
    /// Client budget, US dollars.
    #[arg(long)]
    pub budget: String,
    /// Own cost, US dollars.
    #[arg(long)]
    pub cost: String,
    #[arg(long, default_value_t = 60)]
    pub rpm: i32,
    #[arg(long, default_value_t = 5)]
    pub concurrency: i32,
    #[arg(long)]
    pub id: Option<String>,
}

#[derive(Subcommand, Debug)]
pub enum Price {
    /// List every version of every model.
    List,
    /// Add a version: `derouter price set claude-haiku-4-5 input=1 output=5 --from 2026-12-01`.
    Set(NewPrice),
}

#[derive(Subcommand, Debug)]
pub enum Topup {
    /// List the parked ones, oldest first, or all of an account; and the refunds that were asked for.
    List {
        /// Id or e-mail address.
        #[arg(long)]
        account: Option<String>,
    },
    /// Give money of a credited card payment back to its payer, through the provider.
    Refund(Refund),
    /// Credit what the provider says came.
    Credit { topup: String },
    /// End it, after the money was given back outside.
    Close {
        topup: String,
        /// Why; it stays beside it.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Args, Debug)]
pub struct Refund {
    pub topup: String,
    /// US dollars, such as 50; all that is left of it if not said.
    #[arg(long)]
    pub amount: Option<String>,
    /// Why; it stays beside it.
    #[arg(long)]
    pub reason: String,
    /// Give back more than the unspent balance: what is missing is owed, and freezes the account until it is repaid.
    #[arg(long, requires = "approved_by")]
    pub force: bool,
    /// The second person, who agrees to that.
    #[arg(long, requires = "force")]
    pub approved_by: Option<String>,
    /// The same command is the same refund; another one of the same words needs an id of its own.
    #[arg(long)]
    pub id: Option<String>,
}

#[derive(Subcommand, Debug)]
pub enum Code {
    /// Mint codes and print them, this once.
    Mint(Mint),
    /// List codes, newest first; not the codes themselves.
    List,
    /// End a code that nobody has redeemed, by its id.
    Revoke { id: String },
}

#[derive(Args, Debug)]
pub struct Mint {
    /// US dollars that each code is worth, such as 25.
    #[arg(long)]
    pub amount: String,
    #[arg(long, default_value_t = 1)]
    pub count: usize,
    /// The last day, UTC, on which they may be redeemed, such as 2026-12-31; for ever if not said.
    #[arg(long)]
    pub expires: Option<String>,
    /// What they are for; it stays beside them.
    #[arg(long)]
    pub note: Option<String>,
}

#[derive(Args, Debug)]
pub struct NewPrice {
    pub model: String,
    /// Meter and US dollars per million tokens: input, output, cache_read, cache_write_5m, cache_write_1h.
    pub rates: Vec<String>,
    /// Take everything else from this model's row.
    #[arg(long)]
    pub like: Option<String>,
    /// First day, UTC; today if not said.
    #[arg(long)]
    pub from: Option<String>,
    /// Stop offering the model.
    #[arg(long)]
    pub disable: bool,
}

#[derive(Args, Debug)]
pub struct Sandbox {
    #[arg(long, default_value = "127.0.0.1:8084")]
    pub listen: SocketAddr,
    /// What clients must send as their key.
    #[arg(long, default_value = "sandbox")]
    pub credential: String,
    /// Remember requests at /_sandbox/requests.
    #[arg(long)]
    pub record: bool,
}
