//! A payment provider's interface on loopback: notes each request, answers from the fake's books, and can lose an answer
//! after the work was done.

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// What a fake answers: a status and a body.
pub type Answer = (u16, String);

/// What becomes of one request instead of its answer.
#[derive(Clone, Debug)]
pub enum Fate {
    /// It waits before anything is done, until the notify rings.
    HeldBefore(Arc<Notify>),
    /// Its work is done, and its answer waits until the notify rings.
    HeldAfter(Arc<Notify>),
    /// Nothing is done, and this is answered.
    Refused(u16, String),
    /// Its work is done, and this is answered.
    Garbled(u16, String),
}

/// What a fake is: its books behind its requests.
pub trait Books: Send + 'static {
    fn answer(&mut self, seen: &Seen) -> Answer;
}

/// The running interface.
pub struct FakeServer<B> {
    pub url: String,
    shared: Arc<Shared<B>>,
    handle: ServerHandle,
}

struct Shared<B> {
    books: Mutex<B>,
    seen: Mutex<Vec<Seen>>,
    instead: Mutex<VecDeque<Answer>>,
    /// Method, end of the path, and what happens to the next such request.
    fates: Mutex<Vec<(String, String, Fate)>>,
}

impl<B: Books> FakeServer<B> {
    pub fn start(books: B) -> Self {
        let (seen, instead, fates) = (Mutex::default(), Mutex::default(), Mutex::default());
        let shared = Arc::new(Shared { books: Mutex::new(books), seen, instead, fates });
        let data = Data::from(shared.clone());
        let app = move || App::new().app_data(data.clone()).default_service(web::to(take::<B>));
        let server = HttpServer::new(app).workers(1).disable_signals().bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        FakeServer { url, shared, handle }
    }

    /// Reads or changes the books.
    pub fn books<T>(&self, change: impl FnOnce(&mut B) -> T) -> T {
        change(&mut self.shared.books.lock().expect("no panic"))
    }

    /// Gives this for the next answer, although the work is done.
    pub fn answer_instead(&self, status: u16, body: &str) {
        self.shared.instead.lock().expect("no panic").push_back((status, body.to_owned()));
    }

    /// Decides what becomes of the next request of a method to a path that ends so.
    pub fn meets(&self, method: &str, end: &str, fate: Fate) {
        self.shared.fates.lock().expect("no panic").push((method.to_owned(), end.to_owned(), fate));
    }

    /// The requests of a method to paths that end so.
    pub fn seen(&self, method: &str, end: &str) -> Vec<Seen> {
        let seen = self.shared.seen.lock().expect("no panic");
        seen.iter().filter(|s| s.method == method && s.path.ends_with(end)).cloned().collect()
    }

    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

async fn take<B: Books>(http: HttpRequest, body: Bytes, shared: Data<Shared<B>>) -> HttpResponse {
    let header = |(name, value): (&actix_web::http::header::HeaderName, &actix_web::http::header::HeaderValue)| {
        (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned())
    };
    let seen = Seen {
        method: http.method().to_string(),
        path: http.path().to_owned(),
        query: form_urlencoded::parse(http.query_string().as_bytes()).into_owned().collect(),
        headers: http.headers().iter().map(header).collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let fate = shared.fate_of(&seen);
    shared.seen.lock().expect("no panic").push(seen.clone());
    if let Some(Fate::Refused(status, body)) = fate {
        return answered(status, body);
    }
    if let Some(Fate::HeldBefore(released)) = &fate {
        released.notified().await;
    }
    let done = shared.books.lock().expect("no panic").answer(&seen);
    if let Some(Fate::HeldAfter(released)) = &fate {
        released.notified().await;
    }
    if let Some(Fate::Garbled(status, body)) = fate {
        return answered(status, body);
    }
    let (status, body) = shared.instead.lock().expect("no panic").pop_front().unwrap_or(done);
    answered(status, body)
}

impl<B> Shared<B> {
    fn fate_of(&self, seen: &Seen) -> Option<Fate> {
        let mut fates = self.fates.lock().expect("no panic");
        let at =
            fates.iter().position(|(method, end, _)| *method == seen.method && seen.path.ends_with(end.as_str()))?;
        Some(fates.remove(at).2)
    }
}

fn answered(status: u16, body: String) -> HttpResponse {
    HttpResponse::build(StatusCode::from_u16(status).expect("a status")).content_type("application/json").body(body)
}
