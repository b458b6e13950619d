"""The official Python SDK of Stripe against ours: it makes the same request of the same order, and our program believes
its signatures and no others.
"""
import datetime, json, os, pathlib, re, sys, time, typing, urllib.error, urllib.parse, urllib.request

import stripe

FOLDER, RECORDER, API = pathlib.Path(sys.argv[1]), os.environ["RECORDER_URL"], os.environ["API_URL"]
KEY, SECRET = os.environ["STRIPE_TEST_KEY"], os.environ["NOTICE_SECRET"]
# What says who the caller is, and what the connection needs.
OWN = {"user-agent", "x-stripe-client-user-agent", "x-stripe-client-telemetry", "accept", "accept-encoding", "connection",
       "host", "content-length", "date"}
failed = 0


def check(sentence, is_so, why=""):
    global failed
    failed += not is_so
    print(("PASS  " if is_so else "FAIL  ") + sentence + ("" if is_so else f": {why}"))


def recorded(agent):
    lines = [json.loads(line) for line in (FOLDER / "requests.jsonl").read_text().splitlines()]
    made = [l for l in lines if (l["method"], l["path"]) == ("POST", "/v1/checkout/sessions")]
    found = [l for l in made if l["headers"]["user-agent"].startswith(agent)]
    assert len(found) == 1, f"{agent} made {len(found)} checkouts"
    pairs = sorted(urllib.parse.parse_qsl(found[0]["body"], keep_blank_values=True, strict_parsing=True))
    return pairs, {k: v for k, v in found[0]["headers"].items() if k not in OWN}


def notify(body, signature):
    request = urllib.request.Request(API + "/webhooks/stripe", body.encode(), {"stripe-signature": signature})
    try:
        return urllib.request.urlopen(request, timeout=60).status
    except urllib.error.HTTPError as error:
        return error.code


def fields_of(object_type):
    return {name for of in object_type.__mro__ for name in getattr(of, "__annotations__", {})}


def words_of(object_type, field):
    """The words that the SDK knows for a field."""
    hint = next(of.__annotations__[field] for of in object_type.__mro__ if field in getattr(of, "__annotations__", {}))
    literals = [hint, *typing.get_args(hint)]
    return {word for one in literals if typing.get_origin(one) is typing.Literal for word in typing.get_args(one)}


def check_shapes(source):
    """The names we read are the SDK's, and so are the words we know; a word we leave out must be one that means nothing."""
    answers, notices = (source / "answer.rs").read_text(), (source / "event.rs").read_text()
    session, refund, dispute = stripe.checkout.Session, stripe.Refund, stripe.Dispute
    for struct, text, of in [("Session", answers, session), ("RefundAnswer", answers, refund),
                             ("DisputeAnswer", answers, dispute), ("BalanceLine", answers, stripe.BalanceTransaction),
                             ("Sent", notices, stripe.Event)]:
        body = re.search(r"struct %s \{(.*?)\n\}" % struct, text, re.S)[1]
        read = {"type" if name == "kind" else name for name in re.findall(r"^    (?:pub )?(\w+):", body, re.M)}
        check(f"python: what is read of a {of.__name__} is there: {' '.join(sorted(read))}",
              len(read) > 0 and read <= fields_of(of), read - fields_of(of))
    open_words = {"open", "unpaid", "processing", "succeeded", "requires_action", "requires_capture",
                  "requires_confirmation", "needs_response", "under_review", "warning_needs_response",
                  "warning_under_review", "appeal_needs_response", "appeal_under_review"}
    known = {word for of, field in [(session, "status"), (session, "payment_status"), (dispute, "status"),
                                    (stripe.PaymentIntent, "status")] for word in words_of(of, field)}
    missed = {word for word in known - open_words if f'"{word}"' not in answers}
    check(f"python: every word for a state is known or leaves things open ({len(known)})", known > open_words and not missed,
          missed or open_words - known)


check_shapes(pathlib.Path("src/payments/stripe"))
orders = json.loads((FOLDER / "orders.json").read_text())
order, home = orders["card"], orders["dashboard"]
expires = datetime.datetime.fromisoformat(order["expires_at"].replace("Z", "+00:00"))
client = stripe.StripeClient(KEY, base_addresses={"api": RECORDER}, max_network_retries=0)
client.v1.checkout.sessions.create(
    params={
        "mode": "payment",
        "client_reference_id": order["id"],
        "metadata": {"topup_id": order["id"]},
        "payment_intent_data": {"metadata": {"topup_id": order["id"]}},
        "customer_email": orders["email"],
        "success_url": f"{home}/billing?topup={order['id']}&session={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{home}/billing?topup={order['id']}&cancelled=1",
        "expires_at": int(expires.timestamp()),
        "line_items": [{"quantity": 1, "price_data": {
            "currency": "usd", "unit_amount": 12345, "product_data": {"name": os.environ["BRAND"] + " balance"}}}],
        "adaptive_pricing": {"enabled": False},
    },
    options={"idempotency_key": "topup-" + order["id"]},
)
(ours, our_headers), (theirs, their_headers) = recorded("derouter"), recorded("Stripe/v1 PythonBindings")
check(f"python {stripe.VERSION}: the form is the SDK's, pair by pair ({len(theirs)})", ours == theirs, f"{ours} / {theirs}")
check(f"python {stripe.VERSION}: the headers are the SDK's: {' '.join(sorted(their_headers))}",
      our_headers == their_headers, f"{our_headers} / {their_headers}")

payment = order["checkout_url"].rsplit("/", 1)[1]
event = {"id": "evt_python", "object": "event", "type": "checkout.session.completed", "livemode": False,
         "data": {"object": {"id": payment, "object": "checkout.session"}}}
body = json.dumps(event)
sign = stripe.WebhookSignature.generate_signature_header
good = sign(body, SECRET)
check("python: a body written anew is refused", notify(json.dumps(event, indent=1), good) == 400)
check("python: another secret is refused", notify(body, sign(body, "whsec_other")) == 400)
check("python: a stamp of 301 s ago is refused", notify(body, sign(body, SECRET, timestamp=int(time.time()) - 301)) == 400)
check("python: what the SDK signed is taken", notify(body, good) == 200)
check("python: and once more", notify(body, good) == 200)
sys.exit(failed > 0)
