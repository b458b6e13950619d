"""Writes the tables of docs/pages.md from fixtures/model_*.py and the templates, and checks them against each other:
every field is read by a template, every name a template reads exists, every `if` asks a bool or compares a text.

    .venv/bin/python contexts.py
"""
import dataclasses, inspect, os, re, sys, typing
import jinja2
from jinja2 import nodes

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
from fixtures import model, dash, portal

ENV = jinja2.Environment(loader=jinja2.FileSystemLoader(ROOT + "/templates"))
ORDER = [c for _, c in inspect.getmembers(model, dataclasses.is_dataclass)]
ORDER.sort(key=lambda c: (model.FILES.index(c.__module__), inspect.getsourcelines(c)[1]))


def rust(t):
    if t is str: return "String"
    if t is bool: return "bool"
    if typing.get_origin(t) is list: return f"Vec<{rust(typing.get_args(t)[0])}>"
    return t.__name__


def remarks(cls):
    out = {}
    for c in reversed(cls.__mro__[:-1]):
        for line in inspect.getsource(c).split("\n"):
            m = re.match(r"    (\w+): [^#]*?(?:# (.*))?$", line)
            if m: out[m[1]] = m[2] or ""
    return out


def struct(cls):
    doc = (cls.__doc__ or "").strip()
    notes, lines = remarks(cls), []
    if doc and not doc.startswith(cls.__name__ + "("): lines += [f"/// {' '.join(doc.split())}"]
    lines.append(f"pub struct {cls.__name__} {{")
    for f in dataclasses.fields(cls):
        default = ""
        if f.default is not dataclasses.MISSING and f.default not in ("", False): default = f"default `{str(f.default).lower() if f.type is bool else f.default}`" if len(str(f.default)) < 40 else f"always: {f.default}"
        note = notes.get(f.name, "")
        remark = "; ".join(x for x in (note, default) if x)
        lines.append(f"    pub {f.name}: {rust(f.type)}," + (f"  // {remark}" if remark else ""))
    return "\n".join(lines + ["}"])


def type_of(v):
    if isinstance(v, bool): return "bool"
    if isinstance(v, str): return "String"
    return type(v).__name__ if not isinstance(v, list) else f"Vec<{type_of(v[0]) if v else '?'}>"


def reads(template, seen=None):
    """Names of attributes and variables that a template and what it extends or includes read."""
    seen = seen if seen is not None else set()
    if template in seen: return set(), set()
    seen.add(template)
    tree = ENV.parse(open(f"{ROOT}/templates/{template}").read())
    attrs = {n.attr for n in tree.find_all(nodes.Getattr)}
    names = {n.name for n in tree.find_all(nodes.Name) if n.ctx == "load"}
    for n in tree.find_all((nodes.Include, nodes.Extends)):
        a, b = reads(n.template.value, seen)
        attrs, names = attrs | a, names | b
    return attrs, names


wrong = []
pages = {**dash.PAGES, **portal.PAGES}
tables = {}
for name, (template, context) in pages.items():
    table = tables.setdefault(template, {})
    for k, v in context.items():
        t = type_of(v)
        if k not in table or "?" in table[k]: table[k] = t
everything = set()
for template, table in tables.items():
    attrs, names = reads(template)
    everything |= attrs
    locals_ = {m for t in [template] for m in re.findall(r"{% for (\w+) in", "".join(open(os.path.join(d, f)).read() for d, _, fs in os.walk(ROOT + "/templates") for f in fs))}
    wrong += [f"{template}: context has {k}, nothing reads it" for k in table if k not in names]
    wrong += [f"{template}: reads {n}, which no fixture gives" for n in names - set(table) - locals_ - {"loop"}]
for c in ORDER:
    wrong += [f"{c.__name__}.{f.name} is read by no template" for f in dataclasses.fields(c) if f.name not in everything]
bools = {f.name for c in ORDER for f in dataclasses.fields(c) if f.type is bool}
texts = {f.name for c in ORDER for f in dataclasses.fields(c) if f.type is str}
top = {k: v for t in tables.values() for k, v in t.items()}
for d, _, fs in os.walk(ROOT + "/templates"):
    if os.path.basename(d) == "mail": continue  # mails are no pages: the program alone renders them
    for f in fs:
        text = open(os.path.join(d, f)).read()
        for cond in re.findall(r"{%-? (?:if|elif) (.*?) -?%}", text):
            m = re.fullmatch(r'([\w.]+)( (?:==|!=) "[^"]*")?', cond)
            last = m and m[1].split(".")[-1]
            fine = m and ((m[2] and last in texts) or (not m[2] and (m[1] in ("loop.first", "loop.last") or (("." in m[1]) and last in bools and last not in texts) or top.get(m[1]) == "bool")))
            if not fine: wrong.append(f"{f}: condition outside the subset: {cond}")
        for expr in re.findall(r"{{ (.*?) }}", text):
            if not re.fullmatch(r"[a-z_]\w*(\.\w+)*", expr): wrong.append(f"{f}: expression outside the subset: {expr}")
        for tag in re.findall(r"{%-? (\w+)", text):
            if tag not in ("extends", "block", "endblock", "include", "for", "else", "endfor", "if", "elif", "endif"): wrong.append(f"{f}: tag {tag}")

head = open(HERE + "/pages.head.md").read()
body = ["## 5. Templates and their fields\n", "| Template | Fields | Fixtures |", "|---|---|---|"]
for template in sorted(tables, key=lambda t: (t.startswith("portal"), t)):
    which = ", ".join(f"`{n}`" for n, (t, _) in pages.items() if t == template)
    body.append(f"| `{template}` | " + ", ".join(f"`{k}: {t}`" for k, t in tables[template].items()) + f" | {which} |")
body += ["\nPartials (`_*.html`) read what the page that includes them has in scope.\n", "## 6. Structs\n", "`String` fields may be `Cow<'static, str>` or `&str`; nothing in a template depends on it. A field whose remark says *always* is a constant text; defaults of `Page` and `PortalPage` are examples.\n", "```rust"]
body += ["\n\n".join(struct(c) for c in ORDER if c is not model.StepUp), "```", ""]
open(ROOT + "/docs/pages.md", "w").write(head + "\n" + "\n".join(body))
print("\n".join(wrong) or "templates and structs agree")
sys.exit(1 if wrong else 0)
