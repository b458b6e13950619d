//! One-time codes (`faults.md` H1 to H8, H16).

use serde_json::json;

use crate::support::app::TestApp;
use crate::support::browser::Browser;

const YOU: &str = "you@shop.com";

/// A code that is not `right`.
fn wrong(right: &str) -> String {
    let number: u32 = right.parse().expect("digits");
    format!("{:06}", (number + 1) % 1_000_000)
}

#[actix_web::test]
async fn h01_the_sixth_try_is_refused_though_it_is_right() {
    let app = TestApp::start().await;
    let mut browser = Browser::at(app.dashboard);
    browser.ask_code(YOU).await;
    let code = app.code_for(YOU).await;
    for left in ["4 tries are", "3 tries are", "2 tries are", "One try is", "was the last try"] {
        let answer = browser.type_code(YOU, &wrong(&code)).await;
        assert_eq!((answer.status, answer.error().as_str()), (401, "wrong_code"));
        assert!(answer.text.contains(left), "{}", answer.text);
    }
    let answer = browser.type_code(YOU, &code).await;
    assert_eq!((answer.status, answer.error().as_str()), (401, "code_not_valid"));
    app.close().await;
}

#[actix_web::test]
async fn h01_an_address_has_so_many_wrong_tries_a_day_over_all_its_codes() {
    let day = [("DEROUTER__IDENTITY__WRONG_PER_ADDRESS_DAY", "2"), ("DEROUTER__IDENTITY__RESEND_AFTER_S", "0")];
    let app = TestApp::start_with(&day).await;
    let mut browser = Browser::at(app.dashboard);
    browser.ask_code(YOU).await;
    let code = app.code_for(YOU).await;
    for _ in 0..2 {
        assert_eq!(browser.type_code(YOU, &wrong(&code)).await.error(), "wrong_code");
    }
    assert_eq!(browser.type_code(YOU, &code).await.error(), "code_not_valid");
    app.close().await;
}

#[actix_web::test]
async fn h02_of_many_parallel_guesses_at_most_five_are_compared() {
    let app = TestApp::start().await;
    let mut browser = Browser::at(app.portal);
    browser.ask_code(YOU).await;
    let guess = wrong(&app.code_for(YOU).await);
    let guesses = (0..40).map(|_| {
        let (mut browser, guess) = (browser.clone(), guess.clone());
        async move { browser.type_code(YOU, &guess).await.error() }
    });
    let answers = futures_util::future::join_all(guesses).await;
    // A busy machine may answer 503 to some; whoever was compared was counted first.
    let compared = answers.iter().filter(|a| *a == "wrong_code").count();
    assert!((1..=5).contains(&compared) && answers.iter().all(|a| !a.is_empty()), "{answers:?}");
    let query = "SELECT tries FROM web.login_code";
    let tries: i16 = sqlx::query_scalar(query).fetch_one(&app.pool).await.expect("a code");
    assert!(i16::try_from(compared).is_ok_and(|c| c <= tries) && tries <= 5, "{compared} of {tries}");
    app.close().await;
}

#[actix_web::test]
async fn h03_a_code_works_once() {
    let app = TestApp::start().await;
    let mut browser = Browser::at(app.dashboard);
    browser.ask_code(YOU).await;
    let (code, before) = (app.code_for(YOU).await, browser.clone());
    let twins = [browser.clone(), browser.clone(), browser.clone()].map(|mut b| {
        let code = code.clone();
        async move { b.type_code(YOU, &code).await.status }
    });
    let answers = futures_util::future::join_all(twins).await;
    assert_eq!(answers.iter().filter(|s| **s == 200).count(), 1, "{answers:?}");
    assert_eq!(before.clone().type_code(YOU, &code).await.error(), "code_not_valid");
    app.close().await;
}

#[actix_web::test]
async fn h04_a_code_dies_by_the_clock_of_the_database() {
    let app = TestApp::start().await;
    let mut browser = Browser::at(app.dashboard);
    browser.ask_code(YOU).await;
    let code = app.code_for(YOU).await;
    sqlx::query("UPDATE web.login_code SET expires_at = clock_timestamp() - interval '1 ms'")
        .execute(&app.pool)
        .await
        .expect("aged");
    assert_eq!(browser.type_code(YOU, &code).await.error(), "code_not_valid");
    app.close().await;
}

#[actix_web::test]
async fn h05_a_code_is_bound_to_its_address_its_site_and_its_browser() {
    let app = TestApp::start().await;
    let mut browser = Browser::at(app.dashboard);
    browser.ask_code(YOU).await;
    let code = app.code_for(YOU).await;
    assert_eq!(browser.clone().type_code("other@shop.com", &code).await.error(), "code_not_valid");
    assert_eq!(Browser::at(app.dashboard).type_code(YOU, &code).await.error(), "code_not_valid");
    let mut portal = Browser::at(app.portal);
    portal.cookies.insert("pre-portal".into(), browser.cookies["pre-dash"].clone());
    assert_eq!(portal.type_code(YOU, &code).await.error(), "code_not_valid");
    assert_eq!(browser.type_code(YOU, &code).await.status, 200);
    app.close().await;
}

#[actix_web::test]
async fn h06_known_and_unknown_addresses_get_the_same_answer() {
    let app = TestApp::start().await;
    Browser::at(app.dashboard).sign_in(&app, YOU).await;
    let mut shown = Vec::new();
    for email in [YOU, "nobody@shop.com"] {
        let answer = Browser::at(app.dashboard).ask_code(email).await;
        let mut headers: Vec<_> = answer.headers.clone();
        headers.retain(|(n, _)| n != "date");
        for (name, value) in &mut headers {
            if name == "set-cookie" {
                // The challenge differs each time.
                *value = value.split_once(';').expect("attributes").1.to_owned();
            }
        }
        headers.sort();
        shown.push((answer.status, headers, answer.text));
    }
    assert_eq!(shown[0], shown[1]);
    app.close().await;
}

#[actix_web::test]
async fn h07_another_code_waits_a_minute_and_the_first_still_works() {
    let app = TestApp::start().await;
    let mut browser = Browser::at(app.dashboard);
    for _ in 0..5 {
        assert_eq!(browser.ask_code(YOU).await.status, 202);
    }
    assert_eq!(app.mails_to(YOU).await.len(), 1);
    let code = app.code_for(YOU).await;
    assert_eq!(browser.type_code(YOU, &code).await.status, 200);
    app.close().await;
}

#[actix_web::test]
async fn h07_a_new_code_voids_the_old_and_an_hour_has_five() {
    let app = TestApp::start_with(&[("DEROUTER__IDENTITY__RESEND_AFTER_S", "0")]).await;
    let mut browser = Browser::at(app.dashboard);
    browser.ask_code(YOU).await;
    let (first, held) = (app.code_for(YOU).await, browser.clone());
    for _ in 0..8 {
        assert_eq!(browser.ask_code(YOU).await.status, 202);
    }
    assert_eq!(app.mails_to(YOU).await.len(), 5);
    assert_eq!(held.clone().type_code(YOU, &first).await.error(), "code_not_valid");
    let code = app.code_for(YOU).await;
    assert_eq!(browser.type_code(YOU, &code).await.status, 200);
    app.close().await;
}

#[actix_web::test]
async fn h07_one_network_cannot_make_us_write_to_everybody() {
    let app = TestApp::start_with(&[("DEROUTER__IDENTITY__CODES_PER_NETWORK_HOUR", "3")]).await;
    for n in 0..5 {
        assert_eq!(Browser::at(app.portal).ask_code(&format!("p{n}@shop.com")).await.status, 202);
    }
    let mails: i64 = sqlx::query_scalar("SELECT count(*) FROM web.mail").fetch_one(&app.pool).await.expect("mails");
    assert_eq!(mails, 3);
    app.close().await;
}

#[actix_web::test]
async fn h08_spellings_of_an_address_are_one_account_and_odd_ones_are_refused() {
    let app = TestApp::start().await;
    let mut browser = Browser::at(app.dashboard);
    browser.ask_code(" You@SHOP.com ").await;
    let code = app.code_for(YOU).await;
    let first = browser.type_code("YOU@shop.COM", &code).await.json()["account"].clone();
    let second = Browser::at(app.dashboard).sign_in(&app, YOU).await.json()["account"].clone();
    assert_eq!(first, second);
    for odd in ["", "a", "a@@b.com", "a@b.com\r\nBcc: c@d.com", "a@b\u{0}.com", "\u{430}\u{a0}@b.com"] {
        let answer = browser.ask_code(odd).await;
        assert_eq!((answer.status, answer.field().as_str()), (422, "email"), "{odd:?}");
    }
    for odd in ["", "12345", "abcdef", "1234567"] {
        assert_eq!(browser.type_code(YOU, odd).await.field(), "code", "{odd:?}");
    }
    app.close().await;
}

#[actix_web::test]
async fn a_first_sign_in_makes_the_account_and_the_trail_says_so() {
    let app = TestApp::start().await;
    let mut browser = Browser::at(app.dashboard);
    let account = browser.sign_in(&app, YOU).await.json()["account"].clone();
    assert_eq!(browser.get("/api/v1/balance").await.json()["balance"], "0");
    let trail = browser.get("/api/v1/audit").await.json();
    assert_eq!(trail["acts"][0]["action"], "signed_in");
    let shown = app.operator(&format!("/op/accounts/{YOU}"), &serde_json::Value::Null).await;
    assert_eq!(shown["account"], account);
    let code = app.code_for(YOU).await;
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT a::text FROM web.audit a").fetch_all(&app.pool).await.expect("rows");
    assert!(rows.iter().all(|r| !r.contains(&code)), "no code in the trail");
    let edited = sqlx::query("UPDATE web.audit SET action = 'x'").execute(&app.pool).await;
    assert!(edited.is_err() && sqlx::query("TRUNCATE web.audit").execute(&app.pool).await.is_err());
    app.close().await;
}

#[actix_web::test]
async fn malformed_sign_in_bodies_are_told_what_is_wrong() {
    let app = TestApp::start().await;
    let mut browser = Browser::at(app.portal);
    let rows = [
        ("{", 400, ""),
        ("[]", 422, ""),
        ("{\"email\":1}", 422, "email"),
        ("[\"a@b.com\"]", 422, ""),
        ("{}", 422, "email"),
        ("{\"email\":\"a@b.com\",\"email\":\"c@d.com\"}", 422, "email"),
        ("{\"email\":\"a@b.com\",\"role\":\"operator\"}", 422, "role"),
        ("{\"email\":\"a@b.com\"} x", 400, ""),
    ];
    for (body, status, field) in rows {
        let answer = browser.send(awc::http::Method::POST, "/api/v1/sign-in", &[], Some(body.into())).await;
        assert_eq!((answer.status, answer.field().as_str()), (status, field), "{body}");
    }
    let large = json!({ "email": "a".repeat(20_000) });
    assert_eq!(browser.post("/api/v1/sign-in", &large).await.status, 413);
    let refused = browser.get("/api/v1/sign-in").await;
    assert_eq!((refused.status, refused.header("allow")), (405, Some("POST")));
    let refused = browser.send(awc::http::Method::PUT, "/api/v1/sessions", &[], None).await;
    assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, DELETE")));
    assert_eq!(browser.get("/api/v1/nothing").await.status, 404);
    app.close().await;
}
