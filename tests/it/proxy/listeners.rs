//! Hostile bytes at every listener: where one request ends and the next begins is never in doubt, nothing is waited for
//! without an end, and what is refused has no effect (`faults.md` J). Each listener answers a plain request first, so a
//! refusal is of what was changed and of nothing else.

use std::net::SocketAddr;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::calls::soon;

/// A change at one listener, by hand.
struct Door {
    name: &'static str,
    at: SocketAddr,
    /// Request line and headers that a good request has, less those of its body.
    head: String,
    body: String,
    status: u16,
}

impl Door {
    /// The plain request with other headers of its body.
    fn bytes(&self, framing: &str, body: &str) -> Vec<u8> {
        format!("{}\r\n{framing}\r\n\r\n{body}", self.head).into_bytes()
    }

    fn plain(&self) -> Vec<u8> {
        self.bytes(&format!("content-length: {}", self.body.len()), &self.body)
    }

    /// Sends bytes, then a second request in the same breath; every status that comes until the connection closes.
    async fn told(&self, bytes: &[u8]) -> Vec<u16> {
        let second = format!("GET /healthz HTTP/1.1\r\nhost: a\r\n{}\r\n\r\n", "connection: close");
        statuses(&self.all(&[bytes, second.as_bytes()].concat()).await)
    }

    /// Sends bytes; all that comes until the connection closes.
    async fn all(&self, bytes: &[u8]) -> String {
        let mut socket = TcpStream::connect(self.at).await.expect("it listens");
        // It may close before it has read them all.
        let _ = socket.write_all(bytes).await;
        ended(&mut socket, self.name).await
    }
}

/// All that comes until the other side closes, or resets since it did not read on.
async fn ended(socket: &mut TcpStream, what: &str) -> String {
    let mut bytes = Vec::new();
    let _ = soon(what, socket.read_to_end(&mut bytes)).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

fn statuses(text: &str) -> Vec<u16> {
    text.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)?.parse().ok()).collect()
}

/// A change at each listener that may be sent often. The console's bodies have no limits of their own: it is the
/// operator's, on a private network.
async fn doors(app: &TestApp) -> Vec<Door> {
    let (mut reseller, account) = app.reseller("you@shop.com", "200").await;
    let key = app.key_of(&account, "10", "6", 60, 5).await;
    let client = app.client("client@acme.com", &key.secret).await;
    let program = app.program_of(&mut reseller).await;
    let amounts = json!({ "budget": "100", "cost": "60" }).to_string();
    let messages = json!([{ "role": "user", "content": "hi" }]);
    let call = json!({ "model": "claude-haiku-4-5", "max_tokens": 9, "messages": messages }).to_string();
    let name = json!({ "name": "mine" }).to_string();
    let rename = format!("PATCH /api/v1/portal/keys/{}", key.id);
    // With one id for all, the money comes once.
    let money = json!({ "amount": "1", "id": "j" }).to_string();
    let deposit = format!("POST /op/accounts/{account}/deposit");
    let operator = format!("authorization: Bearer {}", app.operator_token);
    vec![
        door("model API", app.api, "POST /v1/messages/count_tokens", &format!("x-api-key: {}", key.secret), call, 200),
        door("management", app.api, "POST /api/v1/preview", &headers(&program), amounts.clone(), 200),
        door("dashboard", app.dashboard, "POST /api/v1/preview", &headers(&reseller), amounts, 200),
        door("portal", app.portal, &rename, &headers(&client), name, 204),
        door("console", app.console, &deposit, &operator, money, 200),
    ]
}

fn door(name: &'static str, at: SocketAddr, line: &str, headers: &str, body: String, status: u16) -> Door {
    let head = format!("{line} HTTP/1.1\r\nhost: a\r\n{headers}\r\ncontent-type: application/json");
    Door { name, at, head, body, status }
}

/// What a browser or a program sends with a change.
fn headers(of: &Browser) -> String {
    let mut lines: Vec<String> = of.sent.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if !of.csrf.is_empty() {
        let cookies: Vec<String> = of.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        lines.push(format!("x-csrf-token: {}\r\ncookie: {}", of.csrf, cookies.join("; ")));
    }
    lines.join("\r\n")
}

#[actix_web::test]
async fn j01_every_listener_refuses_a_head_that_two_servers_could_read_differently() {
    let app = TestApp::start_with(&[("DEROUTER__LIMITS__RPM", "1000")]).await;
    for door in doors(&app).await {
        let length = door.body.len();
        let all = door.told(&door.plain()).await;
        assert_eq!((all.len(), all[0]), (2, door.status), "{}: the plain one and the one behind it", door.name);
        let framings = [
            format!("content-length: {length}\r\ntransfer-encoding: chunked"),
            format!("transfer-encoding: chunked\r\ncontent-length: {length}"),
            format!("content-length: {length}\r\ncontent-length: {length}"),
            format!("content-length: {length}\r\ncontent-length: 0"),
            format!("content-length: {length}, {length}"),
            format!("content-length: +{length}"),
            format!("content-length: -{length}"),
            format!("content-length: {length}.0"),
            format!("content-length: 0x{length:x}"),
            format!("content-length: {length} 0"),
            "content-length: 99999999999999999999".into(),
            "content-length:".into(),
            format!("content-length : {length}"),
            format!("content-length\t: {length}"),
            format!(" content-length: {length}"),
            format!("content-length: {length}\r\nx-a: b\r\n c: folded"),
            format!("content-length: {length}\r\nx-a: nul\0byte"),
            format!("content-length: {length}\r\nx a: b"),
            format!("content-length: {length}\r\nx-a\0: b"),
            format!("content-length: {length}\r\n: b"),
            format!("content-length: {length}\r\nx-a: b\rx-b: c"),
            format!("content-length: {length}\r\nx-a"),
            "transfer-encoding: xchunked".into(),
            "transfer-encoding: chunked, identity".into(),
            "transfer-encoding: identity".into(),
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked".into(),
            "transfer-encoding: gzip, chunked".into(),
            "transfer-encoding:\x0bchunked".into(),
        ];
        for framing in framings {
            let told = door.told(&door.bytes(&framing, &door.body)).await;
            assert_eq!(told, [400], "{} {framing:?}", door.name);
        }
    }
    app.close().await;
}

#[actix_web::test]
async fn j01_every_listener_refuses_a_request_line_that_is_none() {
    let app = TestApp::start().await;
    for door in doors(&app).await {
        let lines = [
            "GET / HTTP/2.0",
            "GET / HTTP/1.2",
            "GET / HTTP/0.9",
            "GET / http/1.1",
            "GET /",
            "GET  / HTTP/1.1",
            "GET / HTTP/1.1 ",
            "GET\t/\tHTTP/1.1",
            " GET / HTTP/1.1",
            "GE\0T / HTTP/1.1",
            "GET /\0 HTTP/1.1",
            "\x16\x03\x01\x02\x00",
            "PRI * HTTP/2.0",
        ];
        for line in lines {
            let told = door.told(format!("{line}\r\nhost: a\r\n\r\n").as_bytes()).await;
            assert_eq!(told, [400], "{} {line:?}", door.name);
        }
    }
    app.close().await;
}

#[actix_web::test]
async fn j01_chunks_that_are_none_end_the_connection_and_nothing_behind_them_is_served() {
    let app = TestApp::start_with(&[("DEROUTER__LIMITS__RPM", "1000")]).await;
    for door in doors(&app).await {
        let (length, text) = (door.body.len(), &door.body);
        let good = [
            format!("{length:x}\r\n{text}\r\n0\r\n\r\n"),
            format!("{length:X};a=b\r\n{text}\r\n0\r\n\r\n"),
            format!("1\r\n{}\r\n{:x}\r\n{}\r\n000\r\n\r\n", &text[..1], length - 1, &text[1..]),
        ];
        for body in good {
            let told = door.told(&door.bytes("transfer-encoding: chunked", &body)).await;
            assert_eq!((told.len(), told[0]), (2, door.status), "{} {body:?}", door.name);
        }
        let bad = [
            format!("zz\r\n{text}\r\n0\r\n\r\n"),
            format!("-{length:x}\r\n{text}\r\n0\r\n\r\n"),
            format!("+{length:x}\r\n{text}\r\n0\r\n\r\n"),
            format!("0x{length:x}\r\n{text}\r\n0\r\n\r\n"),
            format!(" {length:x}\r\n{text}\r\n0\r\n\r\n"),
            format!("{length:x}\n{text}\r\n0\r\n\r\n"),
            format!("{length:x}\r{text}\r\n0\r\n\r\n"),
            format!("{length:x};a\nb\r\n{text}\r\n0\r\n\r\n"),
            format!("{length:x}\r\n{text}0\r\n\r\n"),
            format!("{length:x}\r\n{text}XX0\r\n\r\n"),
            format!("{:x}\r\n{text}\r\n0\r\n\r\n", length - 1),
            format!("1{length:016x}\r\n{text}\r\n0\r\n\r\n"),
            format!("\r\n{text}\r\n0\r\n\r\n"),
        ];
        for body in bad {
            let told = door.told(&door.bytes("transfer-encoding: chunked", &body)).await;
            // A reset takes the answer along where bytes behind it were never read.
            assert!(told.len() <= 1 && told.iter().all(|s| matches!(s, 400 | 422)), "{} {body:?}: {told:?}", door.name);
        }
    }
    app.close().await;
}

#[actix_web::test]
async fn j04_every_listener_gives_up_a_head_and_a_body_that_never_end() {
    let hasty = [("DEROUTER__LISTEN__HEAD_TIMEOUT_S", "1"), ("DEROUTER__LIMITS__BODY_GRACE_S", "1")];
    let app = TestApp::start_with(&hasty).await;
    for door in doors(&app).await {
        let head = &door.head[..door.head.len() - 20];
        let text = door.all(head.as_bytes()).await;
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 408"), "{}: {text}", door.name);
        if door.name == "console" {
            continue;
        }
        for framing in ["content-length: 5000".to_owned(), "transfer-encoding: chunked".to_owned()] {
            let body = if framing.starts_with('t') { "5\r\n{" } else { "{" };
            let text = door.all(&door.bytes(&framing, body)).await;
            assert_eq!(statuses(&text), [408], "{} {framing}: {text}", door.name);
        }
    }
    app.close().await;
}

#[actix_web::test]
async fn j04_every_listener_closes_a_connection_that_is_left_idle() {
    let app = TestApp::start_with(&[("DEROUTER__LISTEN__KEEP_ALIVE_S", "1")]).await;
    for door in doors(&app).await {
        let mut socket = TcpStream::connect(door.at).await.expect("it listens");
        socket.write_all(&door.plain()).await.expect("written");
        let text = ended(&mut socket, door.name).await;
        assert_eq!(statuses(&text), [door.status], "{}: {text}", door.name);
    }
    app.close().await;
}

#[actix_web::test]
async fn j05_every_listener_refuses_a_body_that_is_too_large_or_packed() {
    let app = TestApp::start().await;
    for door in doors(&app).await.into_iter().filter(|door| door.name != "console") {
        let limit = if door.name == "model API" { 32 << 20 } else { 16 << 10 };
        // By its stated length it is refused before any of it came.
        let stated = door.all(&door.bytes(&format!("content-length: {}", limit + 1), "")).await;
        assert_eq!(statuses(&stated), [413], "{} with a length: {stated:.200}", door.name);
        let chunk = format!("{:x}\r\n{}\r\n", limit + 1, "x".repeat(limit + 1));
        let chunked = door.all(&door.bytes("transfer-encoding: chunked", &chunk)).await;
        assert_eq!(statuses(&chunked), [413], "{} without a length: {chunked:.200}", door.name);
        for packed in ["gzip", "br", "deflate", "identity, gzip", "GZIP", "x"] {
            let framing = format!("content-encoding: {packed}\r\ncontent-length: {}", door.body.len());
            let told = door.told(&door.bytes(&framing, &door.body)).await;
            assert_eq!(told.first(), Some(&415), "{} {packed}", door.name);
        }
    }
    app.close().await;
}

#[actix_web::test]
async fn j06_every_listener_refuses_too_many_headers_and_a_huge_head() {
    let app = TestApp::start().await;
    for door in doors(&app).await {
        let many: String = (0..120).map(|number| format!("x-{number}: 1\r\n")).collect();
        for more in [many, format!("x-huge: {}\r\n", "h".repeat(200_000))] {
            let text = door.all(&door.bytes(&format!("{more}content-length: 0"), "")).await;
            // A reset takes an answer along that was not read yet: the rest of the head was still coming.
            assert!(statuses(&text) == [431] || (text.is_empty() && more.len() > 100_000), "{}: {text}", door.name);
        }
    }
    app.close().await;
}

#[actix_web::test]
async fn j09_no_listener_has_a_second_spelling_of_a_path_or_an_odd_method() {
    let app = TestApp::start().await;
    for door in doors(&app).await {
        let (method, path) = door.head.split_once(' ').expect("a line");
        let path = path.split(' ').next().expect("a path");
        let spellings = [
            format!("/{path}"),
            format!("{path}/"),
            format!("/.{path}"),
            format!("/x/..{path}"),
            format!("/%2e%2e{path}"),
            path.replacen("/", "/%2F", 2),
            format!("{path};x"),
            format!("{path}%00"),
            path.to_uppercase(),
        ];
        for other in spellings {
            let head = door.head.replacen(path, &other, 1);
            let framing = format!("content-length: {}", door.body.len());
            let told = door.told(format!("{head}\r\n{framing}\r\n\r\n{}", door.body).as_bytes()).await;
            assert_eq!(told.first(), Some(&404), "{} {other}", door.name);
        }
        for odd in ["TRACE", "FROB", "CONNECT", "OPTIONS"] {
            let head = door.head.replacen(method, odd, 1);
            let told = door.told(format!("{head}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await;
            assert!(matches!(told.first(), Some(400 | 404 | 405)), "{} {odd}: {told:?}", door.name);
        }
    }
    app.close().await;
}

#[actix_web::test]
async fn j12_an_absolute_target_is_served_by_its_path_with_the_same_guard() {
    let app = TestApp::start().await;
    for door in doors(&app).await {
        let path = door.head.split(' ').nth(1).expect("a path");
        let told = door.told(&door.plain()).await;
        let absolute = door.head.replacen(path, &format!("http://elsewhere.example{path}"), 1);
        let framing = format!("content-length: {}", door.body.len());
        assert_eq!(
            door.told(format!("{absolute}\r\n{framing}\r\n\r\n{}", door.body).as_bytes()).await,
            told,
            "{}",
            door.name
        );
        let bare: Vec<&str> = absolute
            .lines()
            .filter(|l| !l.starts_with("authorization") && !l.starts_with("x-api-key") && !l.starts_with("cookie"))
            .collect();
        let told = door.told(format!("{}\r\n{framing}\r\n\r\n{}", bare.join("\r\n"), door.body).as_bytes()).await;
        assert_eq!(told.first(), Some(&401), "{}", door.name);
    }
    app.close().await;
}

/// The server beneath reads to the end of the connection for such a body, so the next person's request would be part of it.
#[actix_web::test]
async fn j13_nobody_elses_request_is_taken_for_the_body_of_a_switch_to_websocket() {
    let app = TestApp::start().await;
    for door in doors(&app).await {
        for upgrade in
            ["upgrade: websocket", "connection: upgrade\r\nupgrade: WebSocket", "upgrade: h2c\r\nupgrade: websocket"]
        {
            let framing = format!("{upgrade}\r\ncontent-length: {}", door.body.len());
            let told = door.told(&door.bytes(&framing, &door.body)).await;
            assert_eq!(told, [400], "{} {upgrade:?}", door.name);
        }
    }
    app.close().await;
}

#[actix_web::test]
async fn j01_a_line_may_end_in_a_bare_lf_and_means_the_same() {
    let app = TestApp::start().await;
    for door in doors(&app).await {
        let text = String::from_utf8(door.plain()).expect("text").replace("\r\n", "\n");
        let told = door.told(text.as_bytes()).await;
        assert_eq!((told.len(), told[0]), (2, door.status), "{}", door.name);
        let hidden = format!("content-length: {}\r\nx-a: b\ntransfer-encoding: chunked", door.body.len());
        assert_eq!(door.told(&door.bytes(&hidden, &door.body)).await, [400], "{}", door.name);
    }
    app.close().await;
}
