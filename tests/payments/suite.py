"""The official Python SDK of Stripe against ours: it makes the same request of the same order, and our program believes
its signatures and no others.
"""
import datetime, json, os, pathlib, sys, time, urllib.error, urllib.parse, urllib.request

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
