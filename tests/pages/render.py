"""Renders every fixture to out/ and serves them with the static files.

    .venv/bin/python render.py            render and check
    .venv/bin/python render.py serve      and serve on 127.0.0.1:8099, rendering at each request
"""
import gzip, hashlib, http.server, importlib, json, os, re, sys
import jinja2

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
ENV = jinja2.Environment(loader=jinja2.FileSystemLoader(ROOT + "/templates"), autoescape=True, undefined=jinja2.StrictUndefined,
                         trim_blocks=False, keep_trailing_newline=False)


def pages():
    for name in [n for n in sys.modules if n.startswith("fixtures")]:
        del sys.modules[name]
    out = {}
    for module in ("dash", "portal"):
        if os.path.exists(f"{HERE}/fixtures/{module}.py"):
            out.update(importlib.import_module("fixtures." + module).PAGES)
    return out


def render(name, all, theme=None):
    template, context = all[name]
    if theme:
        context["page"].theme = theme
    return ENV.get_template(template).render(**context)


def check(name, html):
    bad = []
    if re.search(r"<[^>]+\sstyle=", html): bad.append("inline style")
    if re.search(r"<script(?![^>]*src=)", html): bad.append("inline script")
    if re.search(r"\son[a-z]+=\"", html): bad.append("inline handler")
    ids = re.findall(r'\sid="([^"]+)"', html)
    bad += [f"id twice: {i}" for i in set(ids) if ids.count(i) > 1]
    for ref in re.findall(r'<use href="#([^"]+)"', html):
        if ref not in ids: bad.append("no icon " + ref)
    for attr in ("for", "aria-labelledby"):
        for refs in re.findall(rf'\s{attr}="([^"]+)"', html):
            bad += [f"{attr} leads nowhere: {r}" for r in refs.split() if r not in ids]
    if name.startswith("portal"):
        text = re.sub(r"https?://\S+", "", html)
        for word in ("cost", "margin", "ratio", "profit", "resell", "derouter", "markup", "earned", "acme-corp", "shop.com"):
            found = [m for m in re.finditer(word, text, re.I) if not re.search(r'/static/[a-z]*$', text[max(0, m.start() - 20):m.start()])]
            if found: bad.append(f"portal says {word}: {text[max(0, found[0].start() - 30):found[0].end() + 20]!r}")
    return bad


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *a): pass

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path.startswith("/static/"):
            file = ROOT + path
            if not os.path.exists(file): return self.send_error(404)
            kind = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}[file.rsplit(".", 1)[1]]
            return self.answer(open(file, "rb").read(), kind)
        if path == "/live":
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            for i in range(20 if "demo" in query else 1):
                figures = {"set": {"balance.flight": f"$0.{31 + i}", "key.019ab0c2-7d1e-7000-8000-000000000000.remaining": f"$65.{80 - i}"}, "bar": {"key.019ab0c2-7d1e-7000-8000-000000000000.used": f"{34.2 + i}"}} if "demo" in query else {}
                self.wfile.write(f"data: {json.dumps(figures)}\n\n".encode())
                self.wfile.flush()
                import time; time.sleep(1 if "demo" in query else 3)
            return
        if path == "/_names":
            return self.answer(json.dumps(list(pages())).encode(), "application/json")
        name = path.strip("/")
        all = pages()
        if name not in all: return self.send_error(404)
        theme = (re.findall(r"theme=(\w+)", query) or [None])[0]
        self.answer(render(name, all, theme).encode(), "text/html; charset=utf-8")

    def do_POST(self):
        self.do_GET()

    def answer(self, body, kind):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "no-store")
        self.send_header("content-security-policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
        self.end_headers()
        self.wfile.write(body)


def main():
    os.makedirs(HERE + "/out", exist_ok=True)
    wrong, heaviest = 0, (0, "")
    fixed = sum(len(gzip.compress(open(f"{ROOT}/static/{f}", "rb").read(), 6)) for f in os.listdir(ROOT + "/static"))
    all = pages()
    for name in all:
        html = render(name, all)
        open(f"{HERE}/out/{name}.html", "w").write(html)
        heaviest = max(heaviest, (len(gzip.compress(html.encode(), 6)) + fixed, name))
        for b in check(name, html):
            wrong += 1
            print(f"{name}: {b}")
    for f in sorted(os.listdir(ROOT + "/static")):
        raw = open(f"{ROOT}/static/{f}", "rb").read()
        print(f"{f:16} {len(raw):6} bytes, {len(gzip.compress(raw, 9)):6} gzip")
    print(f"{len(all)} pages; heaviest first paint {heaviest[0]} bytes compressed ({heaviest[1]}); {wrong} wrong")
    if "serve" in sys.argv:
        http.server.ThreadingHTTPServer(("127.0.0.1", 8099), Handler).serve_forever()
    sys.exit(1 if wrong else 0)


main()
