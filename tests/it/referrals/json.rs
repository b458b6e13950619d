//! The same by JSON: for a program with the Account Key, and for the dashboard's session.

use crate::referrals::scene::{FRIEND, Pair, USD, YOU, code_of, sign_up};
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use awc::http::Method;
use serde_json::{Value, json};

/// Every path of this part of the API.
const PATHS: [&str; 3] = ["/api/v1/referrals", "/api/v1/referrals/referees", "/api/v1/referrals/lines"];

async fn ask(browser: &mut Browser, path: &str) -> Value {
    let answer = browser.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()
}

#[actix_web::test]
async fn a_program_reads_what_its_reseller_earns_by_others() {
    let mut pair = Pair::meet().await;
    let mut program = pair.app.program_of(&mut pair.referrer).await;
    pair.spend(800 * USD).await;
    pair.round().await;
    pair.days_pass(7);
    pair.round().await;
    pair.spend(USD).await;
    pair.round().await;
    let code = code_of(&pair.app.pool, YOU).await;
    for browser in [&mut program, &mut pair.referrer] {
        let mut standing = ask(browser, PATHS[0]).await;
        let link = standing["link"].take();
        assert!(link.as_str().is_some_and(|l| l.ends_with(&format!("/login?ref={code}"))), "{link}");
        assert!(standing["first_due_at"].take().is_string(), "{standing}");
        // All at 5 per cent: the second tier begins at 1,000.
        let wanted = json!({
            "link": null, "code": code, "referees": 1, "referred": "801", "pending": "0.05", "first_due_at": null,
            "paid": "40", "hold_back_days": 7, "tier": { "from": "0", "rate": "5%" },
            "next_tier": { "from": "1000", "rate": "10%", "left": "199" },
        });
        assert_eq!(standing, wanted);
        let referees = ask(browser, PATHS[1]).await;
        let (friend, next) = (&referees["referees"][0], &referees["next_cursor"]);
        assert_eq!(
            (&friend["name"], &friend["referred"], next),
            (&json!("f…@corner-shop.example"), &json!("801"), &Value::Null)
        );
        let lines = ask(browser, PATHS[2]).await["lines"].clone();
        let of = |at: usize| ["referred", "commission", "state", "referee"].map(|field| lines[at][field].clone());
        assert_eq!(of(0), ["1", "0.05", "pending", "f…@corner-shop.example"].map(Value::from));
        assert_eq!(of(1), ["800", "40", "released", "f…@corner-shop.example"].map(Value::from));
    }
    pair.app.close().await;
}

#[actix_web::test]
async fn the_lists_go_on_by_cursor_and_hold_each_row_once() {
    let mut pair = Pair::meet().await;
    let mut program = pair.app.program_of(&mut pair.referrer).await;
    for nth in 0..4 {
        sign_up(&pair.app, YOU, &format!("n{nth}@shop{nth}.example")).await;
        pair.spend(USD).await;
        pair.round().await;
    }
    for (path, rows, name, number) in [(PATHS[1], "referees", "name", 5), (PATHS[2], "lines", "id", 4)] {
        let whole = ask(&mut program, path).await[rows].clone();
        let (mut walked, mut cursor) = (Vec::new(), String::new());
        loop {
            let part = ask(&mut program, &format!("{path}?limit=2{cursor}")).await;
            walked.extend(part[rows].as_array().expect("rows").clone());
            let Some(next) = part["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!((walked.len(), Value::from(walked)), (number, whole), "{path} by {name}");
        for (query, field) in [("cursor=x", "cursor"), ("limit=0", "limit"), ("state=pending", "state")] {
            let refused = program.get(&format!("{path}?{query}")).await;
            assert_eq!((refused.status, refused.field()), (422, field.to_owned()), "{path}?{query}");
        }
    }
    pair.app.close().await;
}

#[actix_web::test]
async fn i01_nobody_reads_another_s_referees_and_no_client_any() {
    let mut pair = Pair::meet().await;
    pair.spend(200 * USD).await;
    pair.round().await;
    let mut program = pair.app.program_of(&mut pair.referrer).await;
    sign_up(&pair.app, YOU, "n@shop.example").await;
    let cursors = [1, 2].map(|at| format!("{}?limit=1", PATHS[at]));
    let mut other = pair.app.program_of(&mut pair.referee).await;
    for path in cursors {
        let next = ask(&mut program, &path).await["next_cursor"].clone();
        let cursor = next.as_str().expect("a cursor of the referrer");
        assert_eq!(other.get(&format!("{path}&cursor={cursor}")).await.field(), "cursor", "{path}");
    }
    for path in PATHS {
        let mine = other.get(path).await;
        assert_eq!(mine.status, 200);
        assert!(!mine.text.contains("corner-shop") && !mine.text.contains(YOU), "{path}: {}", mine.text);
        let theirs = program.get(path).await.everything();
        assert!(!theirs.contains(FRIEND) && !theirs.contains("riend.of"), "{path}: {theirs}");
        assert_eq!(
            Browser::with_key(pair.app.api, &pair.key.secret).get(path).await.status,
            403,
            "a client key: {path}"
        );
        assert_eq!(Browser::at(pair.app.api).get(path).await.status, 401, "{path}");
        assert_eq!(Browser::at(pair.app.dashboard).get(path).await.status, 401, "{path}");
        assert_eq!(Browser::beside(pair.app.portal).get(path).await.status, 404, "{path}");
        assert_eq!(program.send(Method::POST, path, &[], Some("{}".to_owned())).await.status, 405, "{path}");
    }
    pair.app.close().await;
}

#[actix_web::test]
async fn a_reseller_without_referees_has_a_link_and_empty_lists() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "10").await;
    let standing = ask(&mut reseller, PATHS[0]).await;
    let link = format!("http://{}/login?ref={}", app.dashboard, code_of(&app.pool, "you@shop.com").await);
    assert_eq!((&standing["link"], &standing["referees"]), (&json!(link), &json!(0)));
    assert_eq!(standing["first_due_at"], Value::Null);
    assert_eq!(ask(&mut reseller, PATHS[1]).await, json!({ "referees": [], "next_cursor": null }));
    assert_eq!(ask(&mut reseller, PATHS[2]).await, json!({ "lines": [], "next_cursor": null }));
    app.close().await;
}
