"""Signs in the reseller of the seed and a client of its busiest key, and keeps their cookies beside the data.

    people.py sign-in        the reseller; prints its account
    people.py bind ACCOUNT   the client
"""
import http.cookiejar, json, os, pathlib, re, subprocess, sys, time, urllib.request

DATA = pathlib.Path(os.environ["DATA"])
RESELLER, CLIENT = "reseller@shop.example", "client@acme.example"


def opener(name):
    jar = http.cookiejar.MozillaCookieJar(DATA / f"{name}.cookies")
    return urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar)), jar


def post(browser, site, path, body):
    headers = {"content-type": "application/json", "origin": site, "sec-fetch-site": "same-origin"}
    request = urllib.request.Request(site + path, json.dumps(body).encode(), headers)
    with browser.open(request, timeout=60) as answer:
        return json.loads(answer.read() or "{}")


def code_for(address):
    token = (DATA / "data" / "operator_token").read_text().strip()
    request = urllib.request.Request(os.environ["CONSOLE_URL"] + "/_dev/outbox", headers={"authorization": "Bearer " + token})
    for _ in range(100):
        with urllib.request.urlopen(request, timeout=60) as answer:
            mails = json.loads(answer.read())["mails"]
        for mail in mails:
            if mail["to"] == address and mail["subject"].endswith(" code"):
                return re.search(r"\b(\d{6})\b", mail["text"])[1]
        time.sleep(0.1)
    raise SystemExit("no mail came")


def sign_in(name, site, address):
    browser, jar = opener(name)
    post(browser, site, "/api/v1/sign-in", {"email": address})
    answer = post(browser, site, "/api/v1/sign-in/verify", {"email": address, "code": code_for(address)})
    jar.save(ignore_discard=True)
    return answer


def database(statement):
    url = f"postgres://derouter@localhost/postgres?host={DATA}/data/socket"
    return subprocess.run(["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", url, "-c", statement], check=True, text=True,
                          capture_output=True).stdout.strip()


if sys.argv[1] == "sign-in":
    print(sign_in("reseller", os.environ["DASHBOARD_URL"], RESELLER)["account"])
else:
    sign_in("client", os.environ["PORTAL_URL"], CLIENT)
    # No secret of the seed was ever shown, so nobody can paste it.
    database(f"INSERT INTO web.binding (user_id, key_id) SELECT user_id, key_id FROM web.portal_user, ledger.client_key "
             f"WHERE address = '{CLIENT}' AND account_id = '{sys.argv[2]}' AND status = 1 ORDER BY spent_price DESC LIMIT 1")
