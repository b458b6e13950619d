"""Somebody with a browser, on Python's own library: signs in by the code from the mail, and sends what a page would.

The dev profile keeps mails in an outbox on the console.
"""
import http.cookiejar, json, os, pathlib, re, time, urllib.error, urllib.request, uuid

DASHBOARD = os.environ.get("DASHBOARD_URL", "http://127.0.0.1:8080")
PORTAL = os.environ.get("PORTAL_URL", "http://127.0.0.1:8081")
API = os.environ.get("API_URL", "http://127.0.0.1:8082")
CONSOLE = os.environ.get("CONSOLE_URL", "http://127.0.0.1:8083")
OPERATOR = {"authorization": "Bearer " + pathlib.Path(os.environ.get("DATA", "data"), "operator_token").read_text().strip()}


class Refused(SystemExit):
    """A request that must succeed did not."""


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
        raise Refused(f"FAIL  {args[1]} answered {status}: {text}")
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
            for mail in say(CONSOLE, "/_dev/outbox", headers=OPERATOR)["mails"]:
                if mail["to"] == self.address and mail["subject"].endswith(" code"):
                    return re.search(r"\b(\d{6})\b", mail["text"])[1]
            time.sleep(0.1)
        raise Refused("FAIL  no mail came")

    def ask(self, path, body=None, method=None, **headers):
        status, _, text = call(self.site, path, body, method, {**self.headers, **headers}, self.opener)
        self.seen.append(text)
        if not 200 <= status < 300:
            raise Refused(f"FAIL  {path} answered {status}: {text}")
        return json.loads(text) if text else {}

    def pay(self, path, body=None, method="POST"):
        """A change that moves money carries an id of its own: repeating it does nothing twice."""
        return self.ask(path, body, method, **{"idempotency-key": str(uuid.uuid4())})
