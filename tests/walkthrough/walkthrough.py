#!/usr/bin/env python3
"""The reseller guide, step by step, against a running derouter: what README.md shows, checked to the cent.

    DASHBOARD_URL, PORTAL_URL, API_URL, CONSOLE_URL   where the server listens (./run prints them)
    DATA                                              its data folder, for the operator's token

Needs nothing but Python's own library. The provider is the simulated one; it is told what each answer uses, so that
exactly $34.20 is spent.
"""
import http.cookiejar, json, os, pathlib, re, threading, time, urllib.error, urllib.request, uuid

DASHBOARD = os.environ.get("DASHBOARD_URL", "http://127.0.0.1:8080")
PORTAL = os.environ.get("PORTAL_URL", "http://127.0.0.1:8081")
API = os.environ.get("API_URL", "http://127.0.0.1:8082")
CONSOLE = os.environ.get("CONSOLE_URL", "http://127.0.0.1:8083")
TOKEN = pathlib.Path(os.environ.get("DATA", "data"), "operator_token").read_text().strip()
RUN = uuid.uuid4().hex[:8]
passed = 0


def check(what, got, wanted):
    global passed
    if got != wanted:
        raise SystemExit(f"FAIL  {what}: {got!r} is not {wanted!r}\n{passed} passed, 1 failed")
    passed += 1
    print(f"ok    {what}: {got}")


def call(base, path, body=None, method=None, headers=None, opener=None):
    """Status, headers and text of one request."""
    headers = {"content-type": "application/json", **(headers or {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data, headers, method=method or ("GET" if body is None else "POST"))
    try:
        with (opener or urllib.request.build_opener()).open(request, timeout=60) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


def say(*args, **more):
    """The JSON of a request that must succeed."""
    status, _, text = call(*args, **more)
    if not 200 <= status < 300:
        raise SystemExit(f"FAIL  {args[1]} answered {status}: {text}\n{passed} passed, 1 failed")
    return json.loads(text) if text else {}


class Person:
    """Somebody with a browser: a cookie jar, and the token every change needs."""

    def __init__(self, site, address):
        self.site, self.address = site, address
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        self.headers = {"origin": site, "sec-fetch-site": "same-origin"}
        say(site, "/api/v1/sign-in", {"email": address}, headers=self.headers, opener=self.opener)
        answer = say(site, "/api/v1/sign-in/verify", {"email": address, "code": self.code()}, headers=self.headers,
                     opener=self.opener)
        self.headers["x-csrf-token"] = answer["csrf"]
        self.seen = [json.dumps(answer)]

    def code(self):
        """The six digits from the mail; the dev profile keeps mails in an outbox."""
        for _ in range(100):
            for mail in say(CONSOLE, "/_dev/outbox", headers={"authorization": "Bearer " + TOKEN})["mails"]:
                if mail["to"] == self.address:
                    return re.search(r"\b(\d{6})\b", mail["text"])[1]
            time.sleep(0.1)
        raise SystemExit("FAIL  no mail came")

    def ask(self, path, body=None, method=None, **headers):
        status, _, text = call(self.site, path, body, method, {**self.headers, **headers}, self.opener)
        self.seen.append(text)
        if not 200 <= status < 300:
            raise SystemExit(f"FAIL  {path} answered {status}: {text}\n{passed} passed, 1 failed")
        return json.loads(text) if text else {}

    def pay(self, path, body=None, method="POST"):
        """A change that moves money carries an id of its own: repeating it does nothing twice."""
        return self.ask(path, body, method, **{"idempotency-key": str(uuid.uuid4())})


def model_call(secret, script=None, content="Hello"):
    text = content + (f"[[sandbox {json.dumps(script)}]]" if script else "")
    body = {"model": "claude-haiku-4-5", "max_tokens": 256, "messages": [{"role": "user", "content": text}]}
    return call(API, "/v1/messages", body, headers={"x-api-key": secret, "anthropic-version": "2023-06-01"})


def spends(secret, dollars_of_cost):
    """One call whose answer costs this many US dollars: haiku-4-5 takes $1 a million input tokens."""
    usage = {"input_tokens": round(dollars_of_cost * 1_000_000), "output_tokens": 0}
    status, headers, text = model_call(secret, {"usage": usage})
    if status != 200:
        raise SystemExit(f"FAIL  a call answered {status}: {text}\n{passed} passed, 1 failed")
    return {name.lower(): value for name, value in headers.items()}


def main():
    # Step 1: sign up, top up $200.
    ming = Person(DASHBOARD, f"ming-{RUN}@shop.example")
    account = ming.ask("/api/v1/me")["account"]
    operator = {"authorization": "Bearer " + TOKEN}
    say(CONSOLE, f"/op/accounts/{account}/deposit", {"amount": "200", "id": RUN}, headers=operator)
    check("balance after the top-up", ming.ask("/api/v1/balance")["available"], "200")

    # Steps 2 and 3: $100 for the client, $60 of own cost; the margin follows.
    preview = ming.ask("/api/v1/preview", {"budget": "100", "cost": "60"})
    check("margin in the preview", preview["margin"], "40%")
    made = ming.pay("/api/v1/keys", {"label": "acme-corp-prod", "budget": "100", "cost": "60"})
    secret, key = made["key"], made["id"]
    check("balance after the key", ming.ask("/api/v1/balance")["balance"], "140")

    # Steps 4 and 5: the client signs in at the portal, binds the key, sees $100 and never the $60.
    acme = Person(PORTAL, f"acme-{RUN}@corp.example")
    acme.ask("/api/v1/portal/bind", {"key": secret})
    seen = acme.ask(f"/api/v1/portal/keys/{key}")
    check("budget in the portal", seen["budget"], "100")
    check("remaining in the portal", seen["remaining"], "100")

    # Step 6: real calls until $34.20 is spent at the client's price: $20.52 of cost.
    for cost in (10, 10, 0.52):
        headers = spends(secret, cost)
    check("remaining said by the last answer", headers["x-credit-remaining"], "65.8")
    mine = ming.ask(f"/api/v1/keys/{key}")
    check("spent", mine["spent"], "34.2")
    check("earned profit", mine["profit"], "13.68")

    # Step 7: +$50 for the client costs $30 at the locked ratio.
    topped = ming.pay(f"/api/v1/keys/{key}/top-up", {"amount": "50"})
    check("debited by the top-up", topped["debited"], "30")
    check("client's new total", ming.ask(f"/api/v1/keys/{key}")["budget"], "150")
    check("balance after the key's top-up", ming.ask("/api/v1/balance")["balance"], "110")
    acme.ask(f"/api/v1/portal/keys/{key}/usage")
    check("portal after the top-up", acme.ask(f"/api/v1/portal/keys/{key}")["remaining"], "115.8")
    for canary in ('"60"', '"90"', "20.52", "13.68", "40%", "cost", "margin", "ming", "acme-corp-prod"):
        check(f"{canary} in anything the portal said", any(canary in text for text in acme.seen), False)

    # Deleting with a call in flight: what is free comes back at once, the rest when the call has ended.
    slow = threading.Thread(target=model_call, args=(secret, {"first_byte_ms": 1500, "usage": {"input_tokens": 20, "output_tokens": 100}}))
    slow.start()
    while ming.ask(f"/api/v1/keys/{key}")["now"]["running"] == 0:
        time.sleep(0.02)
    gone = ming.pay(f"/api/v1/keys/{key}", method="DELETE")
    check("consumed stays billed", gone["stays_billed"], "20.52")
    slow.join()
    for _ in range(200):
        balance = ming.ask("/api/v1/balance")["balance"]
        if balance == "179.47948":
            break
        time.sleep(0.05)
    check("balance once the running call ($0.00052) has ended", balance, "179.47948")
    check("the deleted key calls nothing", model_call(secret)[0], 401)

    # Internal share: equal numbers.
    preview = ming.ask("/api/v1/preview", {"budget": "10", "cost": "10"})
    check("equal numbers are named", preview["margin_label"], "No markup (internal share)")
    team = ming.pay("/api/v1/keys", {"label": "team", "budget": "10", "cost": "10"})["key"]

    # Limits: the fifth at once is served and the sixth is not; the 60th in a minute is, the 61st is not.
    answers, lock = [], threading.Lock()

    def slow_call():
        status = model_call(team, {"first_byte_ms": 1500})[0]
        with lock:
            answers.append(status)

    threads = [threading.Thread(target=slow_call) for _ in range(6)]
    [t.start() for t in threads], [t.join() for t in threads]
    check("six at once", sorted(answers), [200, 200, 200, 200, 200, 429])
    rest = [model_call(team)[0] for _ in range(55)]
    check("calls 6 to 60 of the minute", set(rest), {200})
    status, headers, _ = model_call(team)
    check("call 61 of the minute", status, 429)
    check("it is told when to come back", int({k.lower(): v for k, v in headers.items()}["retry-after"]) >= 1, True)
    print(f"{passed} passed, 0 failed")


main()
