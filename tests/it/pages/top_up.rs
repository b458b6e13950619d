//! *Top Up*, the checkout and the receipt, as a person goes through them.

use crate::payments::till;
use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};
use derouter::payments::sandbox::play::Play;
use derouter::payments::sandbox::provider::Sending;

const YOU: &str = "you@shop.com";
const CARD_200: [(&str, &str); 2] = [("amount", "200"), ("method", "card")];

async fn signed_in(app: &TestApp) -> Browser {
    let mut reseller = Browser::at(app.dashboard);
    reseller.sign_in(app, YOU).await;
    reseller
}

/// The provider's id of the payment that an answer leads to.
fn payment(answer: &Answer) -> String {
    answer.leads().rsplit('/').next().expect("an id").to_owned()
}

async fn orders(app: &TestApp) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM ledger.topup").fetch_one(&app.pool).await.expect("the rows")
}

#[actix_web::test]
async fn a_person_pays_at_the_checkout_and_comes_back_to_the_balance() {
    let app = TestApp::start().await;
    let mut reseller = signed_in(&app).await;
    let page = reseller.open("/top-up").await;
    page.says(&["Available: $0.00", "From $5 to $10,000", "$50 $200 $500", "Card Credited within seconds", "Crypto"]);
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains(&format!("form-action 'self' http://{};", app.console)), "{policy}");
    let sent = reseller.submit(&page, "/top-up", &CARD_200).await;
    assert_eq!(sent.leads(), format!("http://{}/_dev/checkout/{}", app.console, payment(&sent)));
    let mut shop = Browser::at(app.console);
    let checkout = shop.open(&format!("/_dev/checkout/{}", payment(&sent))).await;
    checkout.says(&["This is a simulation. No money moves", "$200.00", "Waiting for you", YOU, "Pay in full"]);
    let policy = checkout.header("content-security-policy").expect("a policy");
    assert!(policy.contains(&format!("form-action 'self' http://{};", app.dashboard)), "{policy}");
    let back = till::press(app.console, &payment(&sent), "pay").await;
    let id = back.rsplit('=').next().expect("an id").to_owned();
    assert_eq!(back, format!("http://{}/billing?topup={id}", app.dashboard));
    let receipt = reseller.open(&format!("/billing/{id}")).await;
    receipt.says(&["Receipt", "+$200.00", "Credited", "Paid by Card", &id, &payment(&sent), YOU]);
    reseller.open("/top-up").await.says(&["Available: $200.00"]);
    let paid = shop.open(&format!("/_dev/checkout/{}", payment(&sent))).await;
    paid.says(&["Paid", "Received $200.00", "Pay the same once more", "Go back"]);
    app.close().await;
}

#[actix_web::test]
async fn clicks_and_reloads_of_one_form_are_one_order() {
    let app = TestApp::start().await;
    let mut reseller = signed_in(&app).await;
    let page = reseller.open("/top-up?amount=50&method=crypto").await;
    assert_eq!(page.value("amount"), "50");
    let clicks = (0..6).map(|_| {
        let (mut browser, page) = (reseller.clone(), page.clone());
        async move { browser.submit(&page, "/top-up", &[("amount", "50"), ("method", "crypto")]).await }
    });
    let answers = futures_util::future::join_all(clicks).await;
    assert!(answers.iter().all(|a| a.leads() == answers[0].leads()));
    assert_eq!(orders(&app).await, 1);
    assert!(app.payments().play(&payment(&answers[0]), Play::Pay, Sending::Once).expect("remembered"));
    till::followed(&app.pool, 1).await;
    let late = reseller.submit(&page, "/top-up", &[("amount", "50"), ("method", "crypto")]).await;
    let receipt = reseller.follow(&late).await;
    receipt.says(&["Receipt", "+$50.00", "Paid by Crypto"]);
    let other = reseller.submit(&page, "/top-up", &CARD_200).await;
    assert_eq!(other.status, 409);
    other.says(&["This form opened another top-up before", "press Continue to payment again"]);
    assert_ne!(other.value("operation_id"), page.value("operation_id"));
    assert_eq!((orders(&app).await, till::credits(&app.pool).await.len()), (1, 1));
    let wanted = reseller.submit(&other, "/top-up", &CARD_200).await;
    assert_ne!(wanted.leads(), answers[0].leads());
    assert_eq!(orders(&app).await, 2);
    app.close().await;
}

#[actix_web::test]
async fn what_cannot_be_taken_comes_back_as_it_was_typed() {
    let app = TestApp::start().await;
    let mut reseller = signed_in(&app).await;
    let rows = [
        ("4.99", "card", "Choose an amount from $5 to $10,000."),
        ("10000.01", "card", "Choose an amount from $5 to $10,000."),
        ("20.001", "card", "Type an amount in whole cents, such as 34.20."),
        ("a lot", "card", "Type an amount such as 100 or 34.20."),
        ("0", "card", "The amount must be more than 0."),
        ("<b>", "card", "Type an amount such as 100 or 34.20."),
        ("200", "", "Choose how to pay."),
        ("200", "gold", "Choose how to pay."),
    ];
    for (amount, method, says) in rows {
        let answer = reseller.fill_in("/top-up", &[("amount", amount), ("method", method)]).await;
        assert_eq!((answer.status, answer.value("amount").as_str()), (422, amount));
        answer.says(&["Nothing was charged.", says]);
        assert!(!answer.text.contains("<b>\""), "{}", answer.text);
    }
    let pasted = reseller.fill_in("/top-up", &[("amount", " $34.20 "), ("method", "card")]).await;
    assert_eq!((pasted.status, orders(&app).await), (303, 1));
    app.close().await;
}

#[actix_web::test]
async fn a_large_amount_asks_for_a_code_in_the_form() {
    let app = TestApp::start().await;
    let mut reseller = signed_in(&app).await;
    let aged = sqlx::query("UPDATE web.session SET proved_at = proved_at - interval '11 minutes'");
    aged.execute(&app.pool).await.expect("aged");
    let fields = [("amount", "2500"), ("method", "card")];
    let asked = reseller.fill_in("/top-up", &fields).await;
    assert_eq!((asked.status, asked.value("amount").as_str()), (403, "2500"));
    asked.says(&["One more check: you are about to pay more than $1,000.", "Code from your mail"]);
    assert_eq!(orders(&app).await, 0);
    let code = app.code_for(YOU).await;
    let with = |code| [("amount", "2500"), ("method", "card"), ("code", code)];
    let wrong = reseller.submit(&asked, "/top-up", &with("12345")).await;
    wrong.says(&["Type the six digits from the mail."]);
    let sent = reseller.submit(&wrong, "/top-up", &with(&code)).await;
    assert!(sent.leads().starts_with(&format!("http://{}", app.console)));
    assert_eq!(orders(&app).await, 1);
    app.close().await;
}

#[actix_web::test]
async fn without_a_provider_the_page_says_whom_to_write_to() {
    let none = [("DEROUTER__PAYMENTS__CRYPTO", "none"), ("DEROUTER__PAYMENTS__CARD", "none")];
    let app = TestApp::start_with(&none).await;
    let mut reseller = signed_in(&app).await;
    let page = reseller.open("/top-up").await;
    page.says(&["Payments are not set up here yet.", "support@localhost", YOU]);
    let forced = format!("{}&operation_id=1&amount=200&method=card", form(&page));
    let refused = reseller.post_form("/top-up", forced).await;
    assert_eq!((refused.status, orders(&app).await), (422, 0));
    app.close().await;
}

#[actix_web::test]
async fn a_provider_that_is_away_costs_nothing_but_a_second_try() {
    let app = TestApp::start_with(&[("DEROUTER__PAYMENTS__CRYPTO", "none")]).await;
    let mut reseller = signed_in(&app).await;
    let page = reseller.open("/top-up").await;
    assert!(!page.reads().contains("Crypto"), "what nobody takes is not offered");
    app.payments().set_down(true);
    let refused = reseller.submit(&page, "/top-up", &CARD_200).await;
    assert_eq!((refused.status, refused.value("operation_id")), (503, page.value("operation_id")));
    refused.says(&["The payment provider does not answer. Nothing was charged."]);
    app.payments().set_down(false);
    let sent = reseller.submit(&refused, "/top-up", &CARD_200).await;
    assert_eq!((sent.status, orders(&app).await), (303, 1));
    app.close().await;
}

#[actix_web::test]
async fn a_form_of_another_page_or_person_opens_nothing() {
    let app = TestApp::start().await;
    let (mut reseller, mut other) = (signed_in(&app).await, Browser::at(app.dashboard));
    other.sign_in(&app, "other@shop.com").await;
    let page = reseller.open("/top-up").await;
    assert_eq!(other.submit(&page, "/top-up", &CARD_200).await.status, 403);
    let sent = reseller.submit(&page, "/top-up", &CARD_200).await;
    let id = till::topup_of(&app.pool, &payment(&sent)).await;
    assert_eq!(other.get(&format!("/billing/{id}")).await.status, 404);
    let cancel = format!("/billing/{id}/cancel");
    let own = other.open("/top-up").await;
    assert_eq!(other.post_form(&cancel, form(&own)).await.status, 404);
    assert_eq!(reseller.post_form(&cancel, String::new()).await.status, 403, "without its token");
    assert_eq!(Browser::at(app.dashboard).get("/top-up").await.leads(), "/login?next=%2Ftop-up");
    reseller.open(&format!("/billing/{id}")).await.says(&["Top-up", "$200.00", "Waiting for payment", "To be paid by"]);
    app.close().await;
}

#[actix_web::test]
async fn a_top_up_is_called_off_by_its_button() {
    let app = TestApp::start().await;
    let mut reseller = signed_in(&app).await;
    let page = reseller.open("/top-up").await;
    let sent = reseller.submit(&page, "/top-up", &CARD_200).await;
    let id = till::topup_of(&app.pool, &payment(&sent)).await;
    let gone = reseller.post_form(&format!("/billing/{id}/cancel"), form(&page)).await;
    assert_eq!(gone.leads(), format!("/billing?topup={id}"));
    reseller.open(&format!("/billing/{id}")).await.says(&["Cancelled. Nothing was charged"]);
    let checkout = Browser::at(app.console).open(&format!("/_dev/checkout/{}", payment(&sent))).await;
    checkout.says(&["Expired", "Go back"]);
    let again = reseller.post_form(&format!("/billing/{id}/cancel"), form(&page)).await;
    assert_eq!(again.leads(), gone.leads());
    app.close().await;
}

fn form(page: &Answer) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair("csrf", &page.value("csrf")).finish()
}

#[actix_web::test]
async fn a_payment_on_its_way_is_shown_beside_the_balance_until_it_counts() {
    let app = TestApp::start().await;
    let mut reseller = signed_in(&app).await;
    let sent = reseller.fill_in("/top-up", &[("amount", "200"), ("method", "crypto")]).await;
    till::press(app.console, &payment(&sent), "send").await;
    let listed = reseller.get("/api/v1/top-ups").await.json();
    let receipt = format!("/billing/{}", listed["top_ups"][0]["id"].as_str().expect("an order"));
    // A look at the receipt is a look at the provider.
    reseller.open(&receipt).await;
    for path in ["/api", "/billing"] {
        reseller.open(path).await.says(&["Account Balance $0.00", "+$200.00 pending"]);
    }
    till::press(app.console, &payment(&sent), "confirm").await;
    reseller.open(&receipt).await;
    let page = reseller.open("/api").await;
    page.says(&["Account Balance $200.00"]);
    assert!(!page.text.contains("pending"), "{}", page.text);
    app.close().await;
}
