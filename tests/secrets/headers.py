"""The security headers of every kind of answer, one row a kind (docs/security.md §4). Fails on a header that is missing,
another one than is written here, or one that tells of the machinery.
"""
import json, os, re, uuid

import person
from person import API, CONSOLE, DASHBOARD, OPERATOR, PORTAL, Person

HSTS = ("strict-transport-security", "max-age=31536000; includeSubDomains")
NOSNIFF = ("x-content-type-options", "nosniff")
NO_STORE = ("cache-control", "no-store")
OWN = [HSTS, NOSNIFF, ("cross-origin-resource-policy", "same-origin")]
SITE = [*OWN, NO_STORE, ("cross-origin-opener-policy", "same-origin"), ("referrer-policy", "no-referrer"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=()")]
JSON = [*SITE, ("content-security-policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")]
# What a policy of a page must forbid, and what it may never allow.
PAGE_HAS = ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "script-src 'self'", "form-action 'self'"]
PAGE_NEVER = ["unsafe-inline", "unsafe-eval", "*", "http:", "https:", "data:", "blob:"]
# Small pictures stand in the stylesheet; forms may lead on to the checkouts of the payment providers.
PAGE_MAY = {"img-src": ["data:"], "form-action": ["http:", "https:"]}
# No answer names its server or opens itself to other origins.
NEVER = ["server", "x-powered-by", "access-control-allow-origin", "access-control-allow-credentials", "via"]
API_ANSWER = [HSTS, NOSNIFF, NO_STORE]
failed = 0


class Unmoved(person.urllib.request.HTTPRedirectHandler):
    """A redirect is looked at, not followed."""

    def redirect_request(self, *_):
        return None


def row(what, base, path, wanted, status, body=None, method=None, headers=None, who=None):
    global failed
    handlers = [Unmoved()] + [h for h in (who.opener.handlers if who else []) if hasattr(h, "cookiejar")]
    got, said, text = person.call(base, path, body, method, headers, person.urllib.request.build_opener(*handlers))
    said = {name.lower(): value for name, value in said.items()}
    wrong = [f"{name}: {said.get(name)!r}, not {value!r}" for name, value in wanted if said.get(name) != value]
    wrong += [f"{name}: {said[name]}" for name in NEVER if name in said]
    if got != status:
        wrong.append(f"status {got}, not {status}: {text[:200]}")
    if said.get("content-type", "").startswith("text/html"):
        policy = said.get("content-security-policy", "")
        wrong += [f"policy without {part}" for part in PAGE_HAS if part not in policy]
        for name, _, value in (directive.strip().partition(" ") for directive in policy.split(";")):
            never = [part for part in PAGE_NEVER if part not in PAGE_MAY.get(name, [])]
            wrong += [f"policy with {part} in {name}" for part in never if part in value]
        # A policy that forbids inline code is worth nothing if the page needs it; none of ours has any.
        wrong += [f"inline {found}" for found in re.findall(r"<script(?![^>]*\ssrc=)[^>]*>|\son\w+=\"|\sstyle=\"", text)[:3]]
    failed += bool(wrong)
    print(("FAIL  " if wrong else "ok    ") + what + ("" if not wrong else ": " + "; ".join(wrong)))
    return said


def main():
    you = Person(DASHBOARD, f"{uuid.uuid4().hex}@shop.example")
    account = you.ask("/api/v1/me")["account"]
    person.say(CONSOLE, f"/op/accounts/{account}/deposit", {"amount": "20", "id": "headers"}, headers=OPERATOR)
    made = you.pay("/api/v1/keys", {"label": "h", "budget": "5", "cost": "5"})
    client = Person(PORTAL, f"{uuid.uuid4().hex}@corp.example")
    client.ask("/api/v1/portal/bind", {"key": made["key"]})
    id, key, version = made["id"], {"x-api-key": made["key"]}, {"anthropic-version": "2023-06-01"}
    html = {"accept": "text/html"}
    for site, who, page, table in ((DASHBOARD, you, f"/keys/{id}", "/usage.csv"), (PORTAL, client, f"/keys/{id}", f"/keys/{id}/usage.csv")):
        name = "dashboard" if site == DASHBOARD else "portal"
        sign_in = "/login" if site == DASHBOARD else "/sign-in"
        row(f"{name}: a page", site, page, SITE, 200, headers=html, who=who)
        row(f"{name}: the sign-in page", site, sign_in, SITE, 200, headers=html)
        row(f"{name}: a page without a session", site, page, SITE, 303, headers=html)
        row(f"{name}: no such page", site, "/nothing/here", SITE, 404, headers=html, who=who)
        row(f"{name}: no such method", site, page, SITE, 405, method="DELETE", headers=html, who=who)
        row(f"{name}: a form from elsewhere", site, "/sign-out", SITE, 403, {}, headers={**html, "sec-fetch-site": "cross-site"}, who=who)
        row(f"{name}: a table", site, table, SITE, 200, who=who)
        row(f"{name}: JSON", site, "/api/v1/me", JSON, 200, who=who)
        row(f"{name}: JSON without a session", site, "/api/v1/me", JSON, 401)
        row(f"{name}: a change from elsewhere", site, "/api/v1/sign-out", JSON, 403, {}, headers={"sec-fetch-site": "cross-site"}, who=who)
        row(f"{name}: JSON that is none", site, "/api/v1/sign-in", JSON, 422, {"colour": 1}, headers=who.headers)
        text = person.call(site, sign_in, headers=html)[2]
        files = sorted(set(re.findall(r'"(/static/[^"]+)"', text)))
        assert len(files) == 3, files
        for file in files:
            row(f"{name}: {file.split('?')[0]}", site, file, [*OWN, ("cache-control", "public, max-age=31536000, immutable")], 200)
        row(f"{name}: no such file", site, "/static/none.js", SITE, 404)
    model = {"model": "claude-haiku-4-5", "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]}
    row("API: a model's answer", API, "/v1/messages", API_ANSWER, 200, model, headers={**key, **version})
    row("API: a stream", API, "/v1/messages", API_ANSWER, 200, {**model, "stream": True}, headers={**key, **version})
    row("API: a body that is none", API, "/v1/messages", API_ANSWER, 400, {"model": 7}, headers={**key, **version})
    row("API: no key", API, "/v1/messages", API_ANSWER, 401, model, headers=version)
    row("API: no such address", API, "/v1/nothing", API_ANSWER, 404, headers=key)
    row("API: no such method", API, "/v1/messages", API_ANSWER, 405, method="DELETE", headers=key)
    row("API: the models", API, "/v1/models", API_ANSWER, 200, headers=key)
    row("API: counted tokens", API, "/v1/messages/count_tokens", API_ANSWER, 200, {k: v for k, v in model.items() if k != "max_tokens"}, headers={**key, **version})
    row("API: management without a key", API, "/api/v1/keys", JSON, 401)
    row("API: a client's own balance", API, "/sub-key/balance", JSON, 200, headers={"authorization": "Bearer " + made["key"]})
    row("API: a notice that is not authentic", API, "/webhooks/stripe", JSON, 400, {}, headers={"stripe-signature": "t=1,v1=00"})
    row("API: ready", API, "/readyz", JSON, 200)
    row("console: an account", CONSOLE, f"/op/accounts/{account}", JSON, 200, headers=OPERATOR)
    row("console: without the token", CONSOLE, f"/op/accounts/{account}", JSON, 401)
    row("console: a key is made", CONSOLE, f"/op/accounts/{account}/keys", JSON, 201, headers=OPERATOR,
        body={"label": "c", "budget": "1", "cost": "1", "rpm": 1, "concurrency": 1, "id": str(uuid.uuid4())})
    row("console: no such address", CONSOLE, "/op/nothing", JSON, 404, headers=OPERATOR)
    row("console: ready", CONSOLE, "/readyz", JSON, 200, headers=OPERATOR)
    if failed:
        raise SystemExit(f"{failed} kinds of answers lack headers")


main()
