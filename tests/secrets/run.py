"""Uses everything that makes, takes or touches a secret, and keeps every answer.

    run.py FOLDER       writes FOLDER/answers.json and FOLDER/secrets.json
"""
import hashlib, hmac, json, os, pathlib, re, sys, time, uuid

import person
from person import API, CONSOLE, DASHBOARD, OPERATOR, PORTAL, Person, say

FOLDER = pathlib.Path(sys.argv[1])
answers, secrets = [], {}
plain_call = person.call


def kept_call(base, path, *args, **more):
    """As `person.call`, and the answer is kept."""
    status, headers, text = plain_call(base, path, *args, **more)
    answers.append({"whence": base + path, "status": status, "headers": headers, "text": text})
    return status, headers, text


def handed_out(name, value):
    """A secret that the last answer gave to its owner: there it may stand, and nowhere else."""
    assert value and value in answers[-1]["text"] + json.dumps(answers[-1]["headers"]), name
    secrets[name] = {"value": value, "answer": len(answers) - 1}


person.call = kept_call


def cookies(who, name):
    """What the browser holds: only the answer that set it may have it."""
    for cookie in who.jar:
        at = max(i for i, answer in enumerate(answers) if cookie.value in json.dumps(answer["headers"]))
        secrets[f"{name} {cookie.name}"] = {"value": cookie.value, "answer": at}


def sign_in(site, address, name):
    who = Person(site, address)
    who.jar = next(h.cookiejar for h in who.opener.handlers if hasattr(h, "cookiejar"))
    cookies(who, name)
    secrets[f"{name} code"] = {"value": who.code(), "mail": address}
    return who


def model_call(headers, body=None, query=""):
    script = body or {"model": "claude-haiku-4-5", "max_tokens": 64, "messages": [{"role": "user", "content": "Hello"}]}
    return person.call(API, "/v1/messages" + query, script, headers={"anthropic-version": "2023-06-01", **headers})[0]


def scripted(script):
    text = f"Hello [[sandbox {json.dumps(script)}]]"
    return {"model": "claude-haiku-4-5", "max_tokens": 64, "messages": [{"role": "user", "content": text}]}


def routes(file):
    """Every path that is looked at, out of the program's own table."""
    return re.findall(r'get "([^"]+)" =>', pathlib.Path(file).read_text())


def look_at_pages(who, site, file, ids):
    for pattern in routes(file):
        if pattern in ("/live", "/static/{name}", "/sign-out"):
            continue
        path = pattern.replace("{id}", ids[0]).replace("{request}", ids[1])
        person.call(site, path, headers={"accept": "text/html"}, opener=who.opener)
        person.call(site, path, headers={"accept": "text/html"})


def notice(secret, body):
    """A notice as the card provider signs it."""
    stamp = str(int(time.time()))
    signature = hmac.new(secret.encode(), f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
    return person.call(API, "/webhooks/stripe", json.loads(body), headers={"stripe-signature": f"t={stamp},v1={signature}"})[0]


def main():
    for name in ("PEPPER", "SIGNING", "UPSTREAM", "STRIPE", "STRIPE_NOTICE", "BTCPAY", "BTCPAY_NOTICE", "DATABASE_PASSWORD",
                 "REDIS_PASSWORD", "SMTP_PASSWORD"):
        secrets[name] = {"value": os.environ[name]}
    secrets["operator token"] = {"value": OPERATOR["authorization"].removeprefix("Bearer ")}

    ming = sign_in(DASHBOARD, "ming@shop.example", "reseller")
    account = ming.ask("/api/v1/me")["account"]
    say(CONSOLE, f"/op/accounts/{account}/deposit", {"amount": "200", "id": "first"}, headers=OPERATOR)
    made = ming.pay("/api/v1/keys", {"label": "acme", "budget": "100", "cost": "60"})
    handed_out("client key", made["key"])
    key = made["id"]
    handed = say(CONSOLE, f"/op/accounts/{account}/keys",
                 {"label": "by-op", "budget": "5", "cost": "5", "rpm": 60, "concurrency": 5,
                  "id": str(uuid.uuid4())}, headers=OPERATOR)
    handed_out("client key made by the operator", handed["key"])
    account_key = ming.ask("/api/v1/account-key", {})["account_key"]
    handed_out("account key", account_key)
    minted = say(CONSOLE, "/op/codes", {"amount": "5", "count": 2}, headers=OPERATOR)
    for place, code in enumerate(minted["codes"]):
        handed_out(f"redemption code {place}", code["code"])

    acme = sign_in(PORTAL, "acme@corp.example", "client")
    acme.ask("/api/v1/portal/bind", {"key": made["key"]})
    bearer = {"authorization": "Bearer " + made["key"]}
    assert model_call({"x-api-key": made["key"]}) == 200
    assert model_call(bearer, {**scripted({}), "stream": True}) == 200
    for script in ({"status": 400}, {"status": 401}, {"status": 529}, {"scenario": "reset_before_head"}):
        model_call(bearer, scripted(script))
    # Programs that put their key where it does not belong, or send it broken.
    model_call(bearer, query="?api_key=" + made["key"])
    model_call({"x-api-key": made["key"] + "0"})
    model_call({"x-api-key": account_key})
    person.call(API, "/v1/models", headers=bearer)
    person.call(API, "/v1/nothing/" + made["key"], headers=bearer)
    person.call(API, "/api/v1/keys", headers=bearer)
    person.call(API, "/api/v1/keys", {"label": made["key"], "colour": account_key}, headers={"authorization": "Bearer " + account_key})
    person.call(API, "/api/v1/balance", headers={"authorization": "Bearer " + account_key})
    person.call(API, "/sub-key/balance", headers=bearer)
    person.call(CONSOLE, "/op/codes", headers={"authorization": OPERATOR["authorization"] + "0"})

    ming.ask("/api/v1/redemptions", {"code": minted["codes"][0]["code"]})
    person.call(DASHBOARD, "/api/v1/redemptions", {"code": "WRONG"}, headers=ming.headers, opener=ming.opener)
    for method in ("card", "crypto"):
        ming.pay("/api/v1/top-ups", {"amount": "50", "method": method})
    order = ming.ask("/api/v1/top-ups")["top_ups"][0]
    event = json.dumps({"id": "evt_1", "object": "event", "type": "checkout.session.completed", "livemode": False,
                        "data": {"object": {"id": "cs_test_1", "object": "checkout.session"}}})
    assert notice("whsec_of_somebody_else", event) == 400
    notice(os.environ["STRIPE_NOTICE"], event)

    rotated = ming.ask(f"/api/v1/keys/{key}/rotate", {})
    handed_out("rotated client key", rotated["key"])
    for path in ("/api/v1/me", "/api/v1/balance", "/api/v1/journal", "/api/v1/audit", "/api/v1/keys", f"/api/v1/keys/{key}",
                 "/api/v1/usage", "/api/v1/sessions", "/api/v1/account-key", "/api/v1/top-ups", f"/api/v1/top-ups/{order['id']}"):
        ming.ask(path)
    request = ming.ask("/api/v1/usage").get("lines", [{}])[0].get("id", "none")
    look_at_pages(ming, DASHBOARD, "src/http/dashboard/routes.rs", (key, request))
    look_at_pages(acme, PORTAL, "src/http/portal/pages/routes.rs", (key, request))
    for path in ("/api/v1/portal/keys", f"/api/v1/portal/keys/{key}", f"/api/v1/portal/keys/{key}/usage"):
        acme.ask(path)
    for path in ("/op/codes", "/op/topups", "/op/prices", f"/op/accounts/{account}", f"/op/keys/{key}"):
        say(CONSOLE, path, headers=OPERATOR)
    ming.ask("/api/v1/sign-out", {})
    person.call(API, "/readyz")

    mails = say(CONSOLE, "/_dev/outbox", headers=OPERATOR)["mails"]
    # The outbox of the dev profile stands for the mailboxes: its mails are looked at one by one.
    for answer in answers:
        if answer["whence"].endswith("/_dev/outbox"):
            answer["text"] = ""
    (FOLDER / "answers.json").write_text(json.dumps(answers))
    (FOLDER / "mails.json").write_text(json.dumps(mails))
    (FOLDER / "secrets.json").write_text(json.dumps(secrets))
    print(f"ok    {len(secrets)} secrets, {len(answers)} answers, {len(mails)} mails")


main()
