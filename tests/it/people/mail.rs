//! The mailer over a relay: what arrives, and what becomes of a code whose mail does not (`faults.md` H7, K9).

use std::net::SocketAddr;
use std::sync::Arc;

use derouter::actors::mailer::{self, Carrier, Relay, Tls};
use derouter::store::mail::MailQueue;
use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::cluster::TestDatabase;

const YOU: &str = "you@shop.com";

/// A relay that takes every mail, or refuses every recipient.
async fn relay(takes: bool) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (addr, mails) = (listener.local_addr().expect("an address"), Arc::<Mutex<Vec<String>>>::default());
    let kept = mails.clone();
    actix_web::rt::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            actix_web::rt::spawn(converse(stream, takes, kept.clone()));
        }
    });
    (addr, mails)
}

async fn converse(stream: TcpStream, takes: bool, mails: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 relay\r\n").await.expect("said");
    let (mut mail, mut in_data) = (String::new(), false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let word = line.split([' ', '\r']).next().unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match word.as_str() {
            "." if in_data => {
                in_data = false;
                mails.lock().push(std::mem::take(&mut mail));
                b"250 taken\r\n"
            }
            _ if in_data => {
                mail.push_str(&line);
                continue;
            }
            "RCPT" if !takes => b"550 no such person\r\n",
            "DATA" => {
                in_data = true;
                b"354 go on\r\n"
            }
            _ => b"250 fine\r\n",
        };
        stream.write_all(answer).await.expect("said");
    }
}

async fn app_over(relay: SocketAddr) -> TestApp {
    let port = relay.port().to_string();
    let settings = [
        ("DEROUTER__MAIL__KIND", "smtp"),
        ("DEROUTER__MAIL__HOST", "127.0.0.1"),
        ("DEROUTER__MAIL__PORT", port.as_str()),
        ("DEROUTER__MAIL__TLS", "none"),
        ("DEROUTER__MAIL__FROM", "Brand <no-reply@brand.example>"),
    ];
    TestApp::start_with(&settings).await
}

/// The state of the one mail, once the mailer is done with it.
async fn ended(app: &TestApp) -> (String, bool) {
    loop {
        let row: (String, bool) = sqlx::query_as("SELECT state, text_body IS NULL FROM web.mail")
            .fetch_one(&app.pool)
            .await
            .expect("one mail");
        if row.0 != "queued" {
            return row;
        }
        tokio::task::yield_now().await;
    }
}

#[actix_web::test]
async fn a_code_travels_by_smtp_and_is_erased_from_the_queue() {
    let (addr, mails) = relay(true).await;
    let app = app_over(addr).await;
    let mut browser = Browser::at(app.dashboard);
    browser.ask_code(YOU).await;
    assert_eq!(ended(&app).await, ("sent".to_owned(), true));
    let mail = mails.lock()[0].clone();
    assert!(mail.contains("To: you@shop.com") && mail.contains("From: Brand <no-reply@brand.example>"), "{mail}");
    let line = mail.lines().find(|l| l.starts_with('@') && l.contains(" #")).expect("the autofill line").to_owned();
    let code = line.split('#').nth(1).expect("a code").trim().to_owned();
    assert_eq!(browser.type_code(YOU, &code).await.status, 200);
    assert_eq!(Browser::at(app.console).get("/_dev/outbox").await.status, 404, "nothing is kept to be read");
    app.close().await;
}

#[actix_web::test]
async fn h07_a_mail_that_cannot_be_sent_voids_its_code_and_the_answer_stays_the_same() {
    let (addr, _) = relay(false).await;
    let app = app_over(addr).await;
    assert_eq!(Browser::at(app.dashboard).ask_code(YOU).await.status, 202);
    assert_eq!(ended(&app).await, ("failed".to_owned(), true));
    let void: bool = sqlx::query_scalar("SELECT voided_at IS NOT NULL FROM web.login_code")
        .fetch_one(&app.pool)
        .await
        .expect("a code");
    assert!(void);
    app.close().await;
}

#[actix_web::test]
async fn a_mail_without_a_code_is_tried_until_it_is_no_news_any_more() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let password = String::new().into();
    let (host, from) = ("127.0.0.1", "Brand <no-reply@brand.example>");
    let relay = Relay { host, port: closed.port(), tls: Tls::None, user: "", password: &password, from, root: None };
    let carrier = Carrier::smtp(&relay).expect("a carrier");
    // Both were tried often; one carries a code.
    let add = "INSERT INTO web.mail (mail_id, dedup_key, recipient, subject, text_body, html_body, challenge_hash, attempts, expires_at) \
               VALUES (gen_random_uuid(), $1, $1, 's', 't', 'h', $2, 9, now() + make_interval(hours => 1))";
    for (to, challenge) in [("code@x.example", Some(vec![0_u8; 32])), ("news@x.example", None)] {
        sqlx::query(add).bind(to).bind(challenge).execute(&pool).await.expect("a mail");
    }
    assert_eq!(mailer::deliver_due(&MailQueue::new(pool.clone()), &carrier).await.expect("the queue is read"), 0);
    let states: Vec<(String, String)> =
        sqlx::query_as("SELECT recipient, state FROM web.mail ORDER BY recipient").fetch_all(&pool).await.expect("two");
    let state = |to: &str| states.iter().find(|(recipient, _)| recipient == to).map(|(_, state)| state.as_str());
    assert_eq!((state("code@x.example"), state("news@x.example")), (Some("failed"), Some("queued")));
    pool.close().await;
}
