#!/usr/bin/env python3
"""The audit itself: each rule must speak up for a story that breaks it, and be silent for one that does not."""
import sys, tempfile, time, uuid
from types import SimpleNamespace

import ledger as L
from audit import Audit
from findings import Findings
from money import Key
from plan import ID, Plan, cost
from client import Call
from rounds import Round

KEY = "key-1"
PLAN = dict(nonce=7, inp=10, out=20, first=1, chunks=3, delay_ms=1, end="whole", status=200)
WHOLE = cost(10, 20)
ROW_ID = str(uuid.UUID(int=7))
ASK = dict(asked=1, start=1, content=3, end=1, half=0, refused=0, gone=0, inp=10, first=1, out=20)
ROW = dict(id=ROW_ID, account="a", key=KEY, seq=1, outcome=L.ANSWERED, flags=0, cost=WHOLE, price=2 * WHOLE, absorbed=0,
           input=10, output=20, upstream=f"{ID}7")
VOID = dict(cost=0, price=0, upstream=None)
CUT = dict(is_whole=False, has_stop=False)
BEFORE_END = dict(end=0)

# What changes in the client's log, the provider's, the ledger's line (None: no line) and the round; the words expected.
STORIES = [
    ("all is well", {}, {}, {}, {}, None),
    ("a nano too much", {}, {}, {"cost": WHOLE + 1}, {}, "the amount is"),
    ("a nano too little", {}, {}, {"cost": WHOLE - 1}, {}, "the amount is"),
    ("no line of a whole answer", {}, {}, None, {}, "answered whole and not billed"),
    ("voided, though the client saw its end", {}, {}, {**VOID, "outcome": L.CRASH}, {"kills": [1e12]}, "not billed"),
    ("billed, and the provider never answered", CUT, {"start": 0, "content": 0, "end": 0}, {}, {}, "never answered"),
    ("billed whole without an end", CUT, BEFORE_END, {}, {}, "sent no end"),
    ("a cut answer", CUT, BEFORE_END, {"cost": cost(10, 5), "flags": L.PARTIAL}, {}, None),
    ("a cut answer at more than the whole", CUT, BEFORE_END, {"cost": WHOLE + 1, "flags": L.PARTIAL}, {}, "the amount is"),
    ("a clean end of a cut answer", {}, {}, {"flags": L.PARTIAL}, {}, "clean end of a cut answer"),
    ("left by one who stayed", CUT, {}, {"flags": L.CLIENT_GONE}, {}, "a client who stayed"),
    ("left by one who left", {**CUT, "has_left": True}, {}, {"flags": L.CLIENT_GONE}, {}, None),
    ("absorbed without need", {}, {}, {"cost": 0, "absorbed": WHOLE}, {}, "could pay it"),
    ("more than the key had", {}, {}, {"cost": 5, "absorbed": WHOLE - 5, "flags": L.CAPPED}, {}, None),
    ("crashed without a kill", CUT, {}, {**VOID, "outcome": L.CRASH}, {}, "nobody killed"),
    ("crashed by a kill", CUT, {}, {**VOID, "outcome": L.CRASH, "absorbed": 1}, {"kills": [1e12]}, None),
    ("crashed beyond its bound", CUT, {}, {**VOID, "outcome": L.CRASH, "absorbed": 10**9}, {"kills": [1e12]}, "bound"),
    ("unsettled with room on the disk", CUT, {}, {**VOID, "outcome": L.UNSETTLED}, {}, "no disk was full"),
    ("unsettled without room", CUT, {}, {**VOID, "outcome": L.UNSETTLED}, {"disk_was_full": True}, None),
    ("told that nothing was charged", {**CUT, "error": "was not charged"}, {}, {}, {}, "told that a billed call"),
    ("failed, though it was answered", CUT, {}, {**VOID, "outcome": L.UPSTREAM_FAILED}, {}, "answered call is not billed"),
    ("failed, though nothing failed", CUT, BEFORE_END, {**VOID, "outcome": L.NO_ANSWER}, {}, "did not fail"),
    ("charged and void", CUT, BEFORE_END, {"outcome": L.NO_ANSWER}, {}, "unanswered call is billed"),
    ("asked, and no line", CUT, {}, None, {}, "no line says so"),
    ("asked a moment before a kill", CUT, {}, None, {"kills": "now"}, None),
    ("asked long before a kill", CUT, {"at": 0}, None, {"kills": "now"}, "no line says so"),
    ("another key pays", {}, {}, {"key": "key-2"}, {}, "another key"),
    ("told another price", {"credit_cost": "0.5"}, {}, {}, {}, "was told 0.5"),
    ("answered twice", {}, {"start": 2}, {}, {}, "twice"),
    ("a line of nobody", {}, {}, {"upstream": f"{ID}8", "id": str(uuid.UUID(int=8))}, {}, "without a call"),
    ("an error of ours", {"status": 500}, {}, {}, {}, "must not be"),
    ("a call without an end", {**CUT, "was_patient": True}, {}, {}, {}, "hangs"),
    ("refused without a time", {**CUT, "status": 503}, {"asked": 0}, {}, {}, "when to try again"),
    ("refused without Redis", {"status": 503}, {}, {}, {"is_harmless": True}, "no reason"),
]


def told(call, ask, row, round_):
    """The findings of one story."""
    findings = Findings()
    with tempfile.NamedTemporaryFile() as log:
        lines = [] if row is None else [SimpleNamespace(**ROW | {"started": time.time()} | row)]
        books = SimpleNamespace(new_lines=lambda: lines, accounts=dict, keys=dict)
        audit = Audit(SimpleNamespace(upstream_log=log.name), books, findings)
        said = Call(Plan(**PLAN), SimpleNamespace(id=KEY), True, 100, 200, 1)
        said.__dict__.update({"status": 200, "request_id": "req_" + uuid.UUID(int=7).hex, "has_stop": True, "is_whole": True} | call)
        audit.asks.asks[7] = SimpleNamespace(**ASK | {"at": time.time()} | ask)
        happened = Round(1, "kill", [])
        happened.__dict__.update(round_)
        if happened.kills == "now":
            happened.kills = [time.time()]
        audit.compare([said], happened)
    return findings.lines


def money_is_counted():
    """The books of one reseller, right and then wrong by one nano in each figure."""
    key = Key(None, KEY, "s", "100", "60", None)
    debit = key.top_up(50 * 10**9)
    assert (debit, key.funded, key.budget) == (30 * 10**9, 90 * 10**9, 150 * 10**9), "the ratio's top-up"
    reseller = SimpleNamespace(account="a", keys=[key], deposits=200 * 10**9)
    account = dict(account_id="a", main=110 * 10**9, deposits=200 * 10**9)
    row = dict(key_id=KEY, account_id="a", budget=150 * 10**9, funded=90 * 10**9, posted=0, refunded=0, spent_price=0)
    for wrong in (None, "main", "deposits", "budget", "funded", "posted", "refunded"):
        findings = Findings()
        with tempfile.NamedTemporaryFile() as log:
            said = [{name: value + (name == wrong) if isinstance(value, int) else value for name, value in d.items()} for d in (account, row)]
            books = SimpleNamespace(accounts=lambda: {"a": SimpleNamespace(**said[0])}, keys=lambda: {KEY: SimpleNamespace(**said[1])})
            audit = Audit(SimpleNamespace(upstream_log=log.name), books, findings)
            audit.round = Round(1, "kill", [reseller])
            audit.settle_accounts()
        yield f"{wrong or 'nothing'} is off by a nano", findings.lines, wrong and "the books say"


def main():
    told_all = [(name, told(*changes), words) for name, *changes, words in STORIES] + list(money_is_counted())
    wrong = [(name, lines, words) for name, lines, words in told_all
             if (bool(lines) if words is None else not any(words in line for line in lines))]
    for name, lines, words in wrong:
        print(f"FAIL  {name}: expected {words!r}, the audit says {lines}")
    print(f"the audit itself: {len(told_all) - len(wrong)} stories right, {len(wrong)} wrong")
    return bool(wrong)


sys.exit(main())
