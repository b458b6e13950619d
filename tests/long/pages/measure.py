"""Asks for each page many times, one after the other on one connection, and compares the 99th percentile with its bar.

The time is from the request to the last byte of its answer on loopback, compressed as browsers ask for it. Beside it
stands what program and database computed for one answer: on a machine that is busy with other things the time is more.
    measure.py [WORD …]   only pages whose path has one of the words
"""
import gzip, html, http.client, http.cookiejar, os, pathlib, re, statistics, subprocess, sys, time, urllib.parse

DATA = pathlib.Path(os.environ["DATA"])
ROUNDS = int(os.environ.get("PAGES_ROUNDS", "200"))
WARM = 20
BAR, LONG_BAR = 20, 50

# Path and bar in milliseconds. {busy}: the busiest key; {some}: an ordinary one; {call}: a request; {from}, {to}: 90 days.
# A path that ends in "> Older" or "> Next" is the page behind that button.
DASHBOARD = [
    ("/api", BAR), ("/api > Older", BAR), ("/api?q=acme", BAR), ("/api?q=nothing-like-it", BAR), ("/api?q=sk-ant-123", BAR),
    ("/api?state=low", BAR), ("/api?state=paused", BAR), ("/api?state=deleted", BAR),
    ("/api?sort=label", BAR), ("/api?sort=spent", BAR), ("/api?sort=used > Next", BAR), ("/api?sort=profit", BAR),
    ("/keys/{busy}", BAR), ("/keys/{some}", BAR), ("/keys/new", BAR), ("/keys/{busy}/top-up", BAR), ("/keys/{busy}/rename", BAR),
    ("/keys/{busy}/rotate", BAR), ("/keys/{busy}/delete", BAR), ("/keys/{busy}/message", BAR),
    ("/account-key", BAR), ("/top-up", BAR), ("/redeem", BAR), ("/referrals", BAR), ("/guide", BAR), ("/settings", BAR), ("/shortcuts", BAR),
    ("/usage?range=24h", BAR), ("/usage?range=7d", BAR), ("/usage", BAR), ("/usage > Older", BAR), ("/usage?show=earned", BAR),
    ("/usage?show=tokens", BAR), ("/usage?show=calls", BAR), ("/usage?key={busy}", BAR), ("/usage?key={some}", BAR),
    ("/usage?key={busy}&state=partial", BAR), ("/usage?model=claude-haiku-4-5", BAR), ("/usage?model=gpt-5-nano", BAR),
    ("/usage?model=gpt-5-nano > Older", BAR), ("/usage?state=measured", BAR), ("/usage?state=estimated", BAR),
    ("/usage?state=not_billed", BAR), ("/usage?state=client_left&model=gpt-5-nano", BAR), ("/usage?range=7d&state=partial", BAR),
    ("/usage?range=90d", LONG_BAR), ("/usage?range=custom&from={from}&to={to}", LONG_BAR), ("/usage?range=90d&show=earned", LONG_BAR),
    ("/usage?range=90d&key={busy}", LONG_BAR), ("/usage?range=90d&key={busy}&state=measured", LONG_BAR),
    ("/usage?range=90d&model=gpt-5-nano", LONG_BAR), ("/usage?range=90d&state=measured", LONG_BAR),
    ("/usage?range=90d&state=partial", LONG_BAR), ("/usage/{call}", BAR),
    ("/billing", BAR), ("/billing > Older", BAR), ("/billing?kind=keys", BAR), ("/billing?month={month}", BAR),
    ("/billing?month={month} > Older", BAR), ("/billing?month={month}&kind=deposit", BAR),
]
PORTAL = [
    ("/keys", BAR), ("/keys/{busy}?days=7", BAR), ("/keys/{busy}", BAR), ("/keys/{busy} > Older", BAR),
    ("/keys/{busy}?model=gpt-5", BAR), ("/keys/{busy}?days=90", LONG_BAR), ("/keys/{busy}/name", BAR), ("/bind", BAR), ("/account", BAR),
]


def database(statement):
    url = f"postgres://derouter@localhost/postgres?host={DATA}/data/socket"
    return subprocess.run(["psql", "-X", "-q", "-At", url, "-c", statement], check=True, text=True, capture_output=True).stdout.strip()


def known():
    key = "SELECT key_id FROM ledger.client_key WHERE status = 1 ORDER BY spent_price DESC"
    return {
        "busy": database(key + " LIMIT 1"), "some": database(key + " OFFSET (SELECT count(*) / 2 FROM ledger.client_key) LIMIT 1"),
        "call": "req_" + database("SELECT replace(call_id::text, '-', '') FROM ledger.call ORDER BY call_id DESC LIMIT 1"),
        "from": database("SELECT current_date - 89"), "to": database("SELECT current_date"),
        "month": database("SELECT to_char(max(day) - 62, 'YYYY-MM') FROM ledger.journal_day"),
    }


def computed():
    """Milliseconds that program and database have computed so far."""
    database_pid = (DATA / "data/postgres/postmaster.pid").read_text().split()[0]
    ticks = 0
    for process in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = process.read_text()
        except OSError:
            continue
        fields = text[text.rindex(")") + 2:].split()
        pid, parent = process.parent.name, fields[1]
        if pid in (os.environ["SERVER_PID"], database_pid) or parent == database_pid:
            ticks += int(fields[11]) + int(fields[12])
        if pid == database_pid:
            # Of sessions that are over.
            ticks += int(fields[13]) + int(fields[14])
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


class Browser:
    def __init__(self, site, name):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(site).netloc, timeout=60)
        jar = http.cookiejar.MozillaCookieJar(DATA / f"{name}.cookies")
        jar.load(ignore_discard=True)
        self.headers = {"cookie": "; ".join(f"{c.name}={c.value}" for c in jar), "accept-encoding": "gzip"}

    def get(self, path):
        """Status, milliseconds and body."""
        began = time.perf_counter()
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - began) * 1000
        return answer.status, took, gzip.decompress(body) if answer.headers.get("content-encoding") == "gzip" else body, len(body)

    def behind(self, path):
        path, _, button = path.partition(" > ")
        if not button:
            return path
        body = self.get(path)[2].decode()
        link = re.search(rf'href="([^"]+)"[^>]*>{button}<', body)
        return html.unescape(link[1]).split("#")[0] if link else None


def measure(browser, path):
    if path is None:
        return None, "no such button"
    times = []
    for turn in range(WARM + ROUNDS):
        if turn == WARM:
            before = computed()
        status, took, _, size = browser.get(path)
        if status != 200:
            return None, f"answered {status}"
        if turn >= WARM:
            times.append(took)
    each = (computed() - before) / ROUNDS
    times.sort()
    return (statistics.median(times), times[int(len(times) * 0.99 + 0.999) - 1], times[-1], each, size), ""


def main():
    words, places, missed = sys.argv[1:], known(), []
    print(f"{'ms':>9} {'p50':>7} {'p99':>7} {'max':>7} {'bar':>4} {'computed':>8} {'bytes':>7}")
    for name, site, pages in (("reseller", "DASHBOARD_URL", DASHBOARD), ("client", "PORTAL_URL", PORTAL)):
        browser = Browser(os.environ[site], name)
        for pattern, bar in pages:
            if words and not any(word in pattern for word in words):
                continue
            shown, why = measure(browser, browser.behind(pattern.format(**places)))
            if shown is None:
                missed.append(pattern)
                print(f"          {why}: {pattern}")
                continue
            p50, p99, most, each, size = shown
            if p99 > bar:
                missed.append(pattern)
            print(f"{'MISSED' if p99 > bar else '':>9} {p50:7.1f} {p99:7.1f} {most:7.1f} {bar:4d} {each:8.1f} {size:7d}  {name} {pattern}", flush=True)
    if missed:
        raise SystemExit(f"{len(missed)} pages missed their bar: " + " · ".join(missed))
    print("Every page is within its bar.")


main()
