//! The mailer against an SMTP server in a process of its own, with STARTTLS and a password (`faults.md` H7).

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use derouter::actors::mailer::{self, Carrier, Relay, Tls};
use derouter::store::mail::MailQueue;
use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::cluster::TestDatabase;

const USER: &str = "mailer";
const PASSWORD: &str = "pass word";

/// The server, its certificate, and what it took.
struct Server {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
    port: u16,
    root: PathBuf,
    _folder: TempDir,
}

impl Server {
    fn start(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (root, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        let pair = KeyPair::generate().expect("a key");
        let named = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        std::fs::write(&root, named.self_signed(&pair).expect("a certificate").pem()).expect("written");
        std::fs::write(&key, pair.serialize_pem()).expect("written");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/smtp_server.py");
        let mut command = Command::new("python3");
        command.arg(script).arg(&root).arg(&key).args([USER, PASSWORD]).args(more);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("python3");
        let mut said = BufReader::new(child.stdout.take().expect("its output"));
        let mut port = String::new();
        said.read_line(&mut port).expect("a line");
        Server { child, said, port: port.trim().parse().expect("a port"), root, _folder: folder }
    }

    fn carrier(&self, password: &str, tls: Tls) -> Carrier {
        self.trusting(&self.root, password, tls)
    }

    fn trusting(&self, root: &Path, password: &str, tls: Tls) -> Carrier {
        let (from, password) = ("Brändt <no-reply@brand.example>", password.to_owned().into());
        let root = Some(root);
        let relay = Relay { host: "localhost", port: self.port, tls, user: USER, password: &password, from, root };
        Carrier::smtp(&relay).expect("a carrier")
    }

    /// The next mail it took.
    fn mail(&mut self) -> Value {
        let mut line = String::new();
        self.said.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).expect("JSON")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn queue(pool: &PgPool, to: &str, subject: &str) -> Uuid {
    let add = "INSERT INTO web.mail (mail_id, dedup_key, recipient, subject, text_body, html_body, expires_at) \
               VALUES (gen_random_uuid(), gen_random_uuid()::text, $1, $2, $3, $4, now() + interval '1 hour') RETURNING mail_id";
    let (text, html) = ("Grüße\n.\nfrom us\n", "<p>Grüße</p>");
    let added = sqlx::query_scalar(add).bind(to).bind(subject).bind(text).bind(html);
    added.fetch_one(pool).await.expect("a mail")
}

async fn state(pool: &PgPool, mail: Uuid) -> (String, i32) {
    let query = "SELECT state, attempts FROM web.mail WHERE mail_id = $1";
    sqlx::query_as(query).bind(mail).fetch_one(pool).await.expect("it")
}

async fn send(pool: &PgPool, carrier: &Carrier) -> usize {
    sqlx::query("UPDATE web.mail SET next_try_at = now()").execute(pool).await.expect("its turn");
    mailer::deliver_due(&MailQueue::new(pool.clone()), carrier).await.expect("the queue is read")
}

fn queued(tries: i32) -> (String, i32) {
    ("queued".to_owned(), tries)
}

#[actix_web::test]
async fn h07_a_mail_leaves_encrypted_and_signed_in_with_both_parts_and_one_id() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (database, mut server) = (TestDatabase::create().await, Server::start(&[]));
    let pool = database.pool();
    let id = queue(&pool, "you@shop.com", "Grüße\r\nBcc: thief@x.example").await;
    assert_eq!(send(&pool, &server.carrier(PASSWORD, Tls::Starttls)).await, 1);
    let mail = server.mail();
    assert_eq!((&mail["user"], &mail["tls"], &mail["to"]), (&USER.into(), &true.into(), &vec!["you@shop.com"].into()));
    let text = mail["text"].as_str().expect("a text");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    assert!(head.contains(&format!("Message-ID: <{id}@brand.example>")), "{head}");
    assert!(head.contains("Content-Type: multipart/alternative"), "{head}");
    assert!(!head.to_lowercase().lines().any(|line| line.starts_with("bcc")), "{head}");
    assert!(head.contains("Subject: =?utf-8?"), "{head}");
    assert!(body.contains("Content-Type: text/plain; charset=utf-8"), "{body}");
    assert!(body.contains("Content-Type: text/html; charset=utf-8"), "{body}");
    assert_eq!(state(&pool, id).await.0, "sent");
    // The same mail once more, as after a crash between the relay's word and ours: the same id.
    let again = "UPDATE web.mail SET state = 'queued', text_body = 't', html_body = 'h'";
    sqlx::query(again).execute(&pool).await.expect("as before");
    assert_eq!(send(&pool, &server.carrier(PASSWORD, Tls::Starttls)).await, 1);
    let text = server.mail()["text"].as_str().expect("a text").to_owned();
    assert!(text.contains(&format!("Message-ID: <{id}@brand.example>")), "{text}");
    pool.close().await;
}

#[actix_web::test]
async fn h07_trouble_of_ours_waits_and_what_is_refused_for_good_is_given_up() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (database, mut server) = (TestDatabase::create().await, Server::start(&[]));
    let pool = database.pool();
    let right = server.carrier(PASSWORD, Tls::Starttls);
    let mail = queue(&pool, "you@shop.com", "s").await;
    assert_eq!(send(&pool, &server.carrier("wrong", Tls::Starttls)).await, 0);
    assert_eq!(state(&pool, mail).await, queued(1), "a wrong password is no fault of the mail");
    assert_eq!(send(&pool, &server.carrier(PASSWORD, Tls::None)).await, 0);
    assert_eq!(state(&pool, mail).await, queued(2), "the server wants a sign-in, which needs TLS");
    assert_eq!(send(&pool, &right).await, 1);
    assert_eq!((server.mail()["tls"].clone(), state(&pool, mail).await.0), (true.into(), "sent".to_owned()));
    let later = queue(&pool, "later@shop.com", "s").await;
    let never = queue(&pool, "never@shop.com", "s").await;
    assert_eq!(send(&pool, &right).await, 0);
    assert_eq!((state(&pool, later).await, state(&pool, never).await), (queued(1), ("failed".to_owned(), 1)));
    pool.close().await;
}

#[actix_web::test]
async fn h07_where_tls_is_required_nothing_is_said_in_the_clear() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (database, plain, stranger) = (TestDatabase::create().await, Server::start(&["plain"]), Server::start(&[]));
    let pool = database.pool();
    let mail = queue(&pool, "you@shop.com", "s").await;
    assert_eq!(send(&pool, &plain.carrier(PASSWORD, Tls::Starttls)).await, 0);
    assert_eq!(state(&pool, mail).await, queued(1), "a server without STARTTLS gets nothing");
    // A certificate that nobody we trust has signed.
    assert_eq!(send(&pool, &stranger.trusting(&plain.root, PASSWORD, Tls::Starttls)).await, 0);
    assert_eq!(state(&pool, mail).await, queued(2));
    pool.close().await;
}
