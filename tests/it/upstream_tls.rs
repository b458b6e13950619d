//! E7: the provider over TLS, with a good certificate and with bad ones, and a provider whose name nobody knows.

use crate::support::process::{Process, Scene};
use crate::support::site::TestKey;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A TLS front of the sandbox with a certificate of its own, kept in `folder` as a root.
struct Front {
    addr: SocketAddr,
    root: PathBuf,
}

impl Front {
    async fn start(folder: &Path, name: &str, end_year: i32, behind: SocketAddr) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.not_after = date_time_ymd(end_year, 1, 1);
        let certificate = params.self_signed(&key).expect("a certificate");
        let root = folder.join(format!("{name}-{end_year}.pem"));
        std::fs::write(&root, certificate.pem()).expect("written");
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate.der().clone()], secret).expect("they belong together");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("an address");
        tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(config)), behind));
        Front { addr, root }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}", self.addr.port())
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, behind: SocketAddr) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // A client that does not trust us hangs up here.
            let Ok(mut client) = acceptor.accept(stream).await else { return };
            let mut server = TcpStream::connect(behind).await.expect("the sandbox listens");
            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        });
    }
}

async fn statuses(program: &Process, key: &TestKey) -> [u16; 2] {
    let call = |stream: bool| json!({ "model": "claude-haiku-4-5", "max_tokens": 50, "stream": stream, "messages": [{ "role": "user", "content": "hi" }] });
    let mut found = [0; 2];
    for (status, streamed) in found.iter_mut().zip([false, true]) {
        let mut response = program.site.call(key, &call(streamed)).await;
        *status = response.status().as_u16();
        let _ = response.body().await;
    }
    found
}

#[actix_web::test]
async fn e07_a_provider_is_spoken_to_over_tls_only_if_its_certificate_holds() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let scene = Scene::set().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (path, behind) = (folder.path(), scene.sandbox.addr());
    let good = Front::start(path, "localhost", 2100, behind).await;
    let expired = Front::start(path, "localhost", 2001, behind).await;
    let named_otherwise = Front::start(path, "elsewhere.example", 2100, behind).await;
    let plain = format!("https://localhost:{}", behind.port());
    let cases = [
        ("trusted", good.url(), &good.root, 200),
        ("signed by nobody we trust", good.url(), &named_otherwise.root, 502),
        ("expired", expired.url(), &expired.root, 502),
        ("of another name", named_otherwise.url(), &named_otherwise.root, 502),
        ("no TLS at all", plain, &good.root, 502),
        ("a name nobody knows", "https://provider.invalid".to_owned(), &good.root, 502),
    ];
    for (what, url, root, status) in cases {
        let program = scene.start_before(&url, root).await;
        let key = program.site.key("100", "60", 60, 5).await;
        let before = scene.sandbox.counted();
        assert_eq!(statuses(&program, &key).await, [status; 2], "{what}");
        let reached = scene.sandbox.counted() - before;
        assert_eq!(reached, if status == 200 { 2 } else { 0 }, "{what}: the credential goes to nobody else");
        program.stop().await;
        let billed: i64 = sqlx::query_scalar("SELECT count(*) FROM ledger.call WHERE key_id = $1 AND outcome = 1")
            .bind(key.owned().key.0)
            .fetch_one(&scene.pool)
            .await
            .expect("lines");
        assert_eq!(billed, if status == 200 { 2 } else { 0 }, "{what}");
    }
    scene.audit().await;
}
