//! Sends what is in the mail queue: woken by a bell, and by the clock for what must be tried again.
//!
//! The queue is the state; this task may die at any point and is only late then. A mail that cannot be sent is given
//! up and its code is void: whoever asked hears the same either way.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials as Login;
use lettre::transport::smtp::client::{Certificate, Tls as Encryption, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio::sync::Notify;

use crate::store::error::StoreError;
use crate::store::mail::{DueMail, MailEnd, MailQueue};

/// How often the queue is looked at without a bell.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Mails taken at a time.
const BATCH: i64 = 16;
/// Tries before a mail with a code is given up; with the pauses between them about as long as a code lives. Others are
/// tried until they are no news any more, which the queue knows.
const MOST_TRIES: i32 = 6;
/// How long one mail may take to be handed over.
/// Answers of a relay that does not let us in (RFC 4954 §6): our trouble, whatever mail it was for.
const NOT_LET_IN: [u16; 5] = [454, 530, 534, 535, 538];
const SEND_WITHIN: Duration = Duration::from_secs(30);

/// How mails leave.
pub enum Carrier {
    /// They stay in the queue's table and are read there.
    Outbox,
    Smtp {
        relay: Box<AsyncSmtpTransport<Tokio1Executor>>,
        from: Mailbox,
    },
}

/// How the relay is spoken to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tls {
    Starttls,
    Implicit,
    /// Only for a relay on this machine.
    None,
}

/// A mail relay and who writes through it.
pub struct Relay<'a> {
    pub host: &'a str,
    pub port: u16,
    pub tls: Tls,
    /// Empty: no authentication.
    pub user: &'a str,
    pub password: &'a SecretString,
    /// A mailbox such as `Name <no-reply@example.com>`.
    pub from: &'a str,
    /// A file with one certificate that is trusted beside those of the system.
    pub root: Option<&'a Path>,
}

/// A mail setting that cannot be used.
#[derive(Debug, Error)]
pub enum CarrierError {
    #[error("mail.from is not a mailbox such as \"Name <no-reply@example.com>\"")]
    From(#[source] lettre::address::AddressError),
    #[error("mail.host cannot be used for TLS")]
    Host(#[source] lettre::transport::smtp::Error),
    #[error("mail.root_certificate cannot be read")]
    RootUnread(#[source] std::io::Error),
    #[error("mail.root_certificate is no certificate in PEM")]
    Root(#[source] lettre::transport::smtp::Error),
}

/// Why a mail did not leave.
#[derive(Debug, Error)]
enum SendError {
    #[error("the mail cannot be written")]
    Unwritable,
    #[error("the relay refused it for good")]
    Refused,
    #[error("the relay does not let us in: check mail.tls, mail.user and the password")]
    NotLetIn,
    #[error("the relay did not take it now")]
    NotNow,
}

impl Carrier {
    /// A carrier over a relay; connects at the first mail.
    ///
    /// # Errors
    /// `CarrierError` with the setting at fault, never its value.
    pub fn smtp(relay: &Relay<'_>) -> Result<Self, CarrierError> {
        let builder = match relay.tls {
            Tls::Starttls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(relay.host),
            Tls::Implicit => AsyncSmtpTransport::<Tokio1Executor>::relay(relay.host),
            Tls::None => Ok(AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(relay.host)),
        };
        let mut builder = builder.map_err(CarrierError::Host)?.port(relay.port).timeout(Some(SEND_WITHIN));
        if let (Some(root), true) = (relay.root, relay.tls != Tls::None) {
            builder = builder.tls(trusting(relay, root)?);
        }
        if !relay.user.is_empty() {
            builder = builder.credentials(Login::new(relay.user.to_owned(), relay.password.expose_secret().to_owned()));
        }
        let from = relay.from.parse().map_err(CarrierError::From)?;
        Ok(Carrier::Smtp { relay: Box::new(builder.build()), from })
    }

    async fn send(&self, mail: &DueMail) -> Result<MailEnd, SendError> {
        match self {
            Carrier::Outbox => Ok(MailEnd::Kept),
            Carrier::Smtp { relay, from } => {
                let message = message(mail, from.clone()).ok_or(SendError::Unwritable)?;
                match tokio::time::timeout(SEND_WITHIN, relay.send(message)).await {
                    Ok(Ok(_taken)) => Ok(MailEnd::Sent),
                    Ok(Err(error)) if is_ours(&error) => Err(SendError::NotLetIn),
                    Ok(Err(error)) if error.is_permanent() => Err(SendError::Refused),
                    Ok(Err(_)) | Err(_) => Err(SendError::NotNow),
                }
            }
        }
    }
}

/// Works until its task is dropped.
pub async fn run(queue: MailQueue, carrier: Carrier, bell: Arc<Notify>) {
    loop {
        if let Err(error) = deliver_due(&queue, &carrier).await {
            tracing::warn!(%error, "the mail queue could not be read; mails wait");
        }
        let _ = tokio::time::timeout(LOOK_EVERY, bell.notified()).await;
    }
}

/// Sends everything that is due now; says how many left.
pub async fn deliver_due(queue: &MailQueue, carrier: &Carrier) -> Result<usize, StoreError> {
    let mut gone = 0;
    loop {
        let due = queue.claim(BATCH).await?;
        if due.is_empty() {
            return Ok(gone);
        }
        for mail in &due {
            gone += usize::from(deliver(queue, carrier, mail).await?);
        }
    }
}

async fn deliver(queue: &MailQueue, carrier: &Carrier, mail: &DueMail) -> Result<bool, StoreError> {
    match carrier.send(mail).await {
        Ok(end) => {
            queue.finish(mail.id, end).await?;
            Ok(true)
        }
        Err(error @ SendError::NotLetIn) if mail.attempts < MOST_TRIES || !mail.carries_code => {
            tracing::error!(mail.id = %mail.id, attempts = mail.attempts, %error, "mails wait until somebody mends this");
            Ok(false)
        }
        Err(SendError::NotNow) if mail.attempts < MOST_TRIES || !mail.carries_code => {
            tracing::warn!(mail.id = %mail.id, attempts = mail.attempts, "a mail was not taken and is tried again");
            Ok(false)
        }
        Err(error) => {
            tracing::error!(mail.id = %mail.id, %error, "a mail is given up; a code in it is void");
            queue.finish(mail.id, MailEnd::Failed).await?;
            Ok(false)
        }
    }
}

/// Encryption as the relay wants it, with one more certificate trusted.
fn trusting(relay: &Relay<'_>, root: &Path) -> Result<Encryption, CarrierError> {
    let pem = std::fs::read(root).map_err(CarrierError::RootUnread)?;
    let root = Certificate::from_pem(&pem).map_err(CarrierError::Root)?;
    let parameters = TlsParameters::builder(relay.host.to_owned()).add_root_certificate(root).build();
    let parameters = parameters.map_err(CarrierError::Root)?;
    Ok(if relay.tls == Tls::Implicit { Encryption::Wrapper(parameters) } else { Encryption::Required(parameters) })
}

/// No mail's fault: a certificate, a missing STARTTLS, a wrong password.
fn is_ours(error: &lettre::transport::smtp::Error) -> bool {
    error.is_tls() || error.is_client() || error.status().is_some_and(|code| NOT_LET_IN.contains(&code.into()))
}

fn message(mail: &DueMail, from: Mailbox) -> Option<Message> {
    // The same for every try, so that a mail that was taken twice is known as one.
    let id = format!("<{}@{}>", mail.id, from.email.domain());
    let to = Mailbox::new(None, mail.to.parse().ok()?);
    let bodies = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
    let subject: String = mail.subject.chars().filter(|c| !c.is_control()).collect();
    Message::builder().message_id(Some(id)).from(from).to(to).subject(subject).multipart(bodies).ok()
}
