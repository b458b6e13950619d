#!/usr/bin/env python3
"""Claude Code must reckon the cost of a call as we do, to the nano-dollar.

For each model and each kind of usage the sandbox provider is told what to report, Claude Code is run once in `-p` mode,
and its own `total_cost_usd` is compared with what we charged for the calls it made.

    ANTHROPIC_BASE_URL   where the model API listens
    DEROUTER_KEY         a client key with money and at least 300 calls a minute
    SANDBOX_URL          the sandbox provider behind it
    DEROUTER_COST_URL    usage lines with a decimal string `cost`, such as http://host/api/v1/usage
    DEROUTER_ACCOUNT_KEY the Account Key that may read them
    CLAUDE_CODE_VERSION  version to install from npm (2.1.330); it is kept under target/clients

`claude_code.py --prices FILE` asks no server for a cost but reckons it from a price list in JSON: it checks this script
and the sandbox, with ANTHROPIC_BASE_URL being the sandbox and DEROUTER_KEY its credential.
"""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
KEPT = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent.parent / "target")) / "clients" / "claude-code"
VERSION = os.environ.get("CLAUDE_CODE_VERSION", "2.1.330")
BASE_URL = os.environ["ANTHROPIC_BASE_URL"]
KEY = os.environ["DEROUTER_KEY"]
SANDBOX_URL = os.environ["SANDBOX_URL"]
TIMEOUT_S = 120
NANO = Decimal("1e-9")

# What a model's price row can price: a usage that reports more has no right cost to compare with.
GEO, FAST, SEARCH, TIER = "geo", "fast", "search", "tier"
MODELS = {
    "claude-haiku-4-5": set(),
    "claude-haiku-5-5": {GEO, SEARCH, TIER},
    "claude-sonnet-4-6": {GEO, SEARCH},
    "claude-sonnet-5": {GEO, SEARCH},
    "claude-sonnet-5-5": {GEO, SEARCH},
    "claude-opus-4-8": {GEO, FAST, SEARCH},
    "claude-opus-5": {GEO, FAST, SEARCH},
    "claude-opus-5-5": {GEO, FAST, SEARCH},
    "claude-fable-5-1": {GEO, SEARCH},
    "claude-fable-5-2": {SEARCH},
}
PLAIN = {"input_tokens": 1009, "output_tokens": 2003}
CACHED = {
    "input_tokens": 1000,
    "cache_read_input_tokens": 30011,
    "cache_creation_input_tokens": 9016,
    "cache_creation": {"ephemeral_5m_input_tokens": 4007, "ephemeral_1h_input_tokens": 5009},
    "output_tokens": 2003,
}
UNSPLIT = {"input_tokens": 17, "cache_read_input_tokens": 13, "cache_creation_input_tokens": 4099, "output_tokens": 1}
EDGE = {"input_tokens": 69989, "cache_read_input_tokens": 30011, "output_tokens": 2003}
PAST_EDGE = EDGE | {"input_tokens": 69990}
US = {"inference_geo": "us"}
QUICK = {"speed": "fast"}
SEARCHES = {"server_tool_use": {"web_search_requests": 3, "web_fetch_requests": 2}}

# What is reported, and what the model's row must price for it.
USAGES = {
    "plain": (PLAIN, set()),
    "cached": (CACHED, set()),
    "cached without a split": (UNSPLIT, set()),
    "geo": (PLAIN | US, {GEO}),
    "fast": (PLAIN | QUICK, {FAST}),
    "searches": (PLAIN | SEARCHES, {SEARCH}),
    "cached, geo": (CACHED | US, {GEO}),
    "cached, fast": (CACHED | QUICK, {FAST}),
    "cached, searches": (CACHED | SEARCHES, {SEARCH}),
    "cached, geo, fast": (CACHED | US | QUICK, {GEO, FAST}),
    "cached, geo, searches": (CACHED | US | SEARCHES, {GEO, SEARCH}),
    "cached, fast, searches": (CACHED | QUICK | SEARCHES, {FAST, SEARCH}),
    "cached, geo, fast, searches": (CACHED | US | QUICK | SEARCHES, {GEO, FAST, SEARCH}),
    "at the edge of the tier": (EDGE, {TIER}),
    "a token past the edge": (PAST_EDGE, {TIER}),
    "past the edge, geo, searches": (PAST_EDGE | US | SEARCHES, {TIER, GEO, SEARCH}),
}
# Worked out by hand, so that both sides cannot be wrong together.
GOLDEN = {("claude-haiku-4-5", "cached"): Decimal("0.029042850")}


def fetch(url, method="GET", body=None, headers=None):
    payload = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=payload, method=method, headers=headers or {})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def install():
    program = KEPT / "node_modules" / ".bin" / "claude"
    ready = KEPT / f"ready-{VERSION}"
    if not ready.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        package = f"@anthropic-ai/claude-code@{VERSION}"
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", KEPT, package], check=True)
        ready.touch()
    return program


class ClaudeCode:
    """Runs the program in a home of its own, without what could make it call anywhere else."""

    def __init__(self, program, base_url=BASE_URL, key=KEY):
        self.home = Path(tempfile.mkdtemp(prefix="claude-home-"))
        self.command = [str(program)]
        if os.geteuid() == 0:
            # It is made for ordinary users and refuses some of its modes to root.
            nobody = pwd.getpwnam("nobody")
            os.chown(self.home, nobody.pw_uid, nobody.pw_gid)
            self.command = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", *self.command]
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "ANTHROPIC_BASE_URL": base_url,
            "ANTHROPIC_AUTH_TOKEN": key,
            "DISABLE_TELEMETRY": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        }

    def ask(self, model):
        command = [*self.command, "-p", "Good morning.", "--output-format", "json", "--model", model]
        ran = subprocess.run(
            command, env=self.environment, cwd=self.home, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=TIMEOUT_S,
        )
        try:
            return json.loads(ran.stdout)
        except json.JSONDecodeError:
            raise AssertionError(f"no JSON came, exit {ran.returncode}: {ran.stdout[-500:]} {ran.stderr[-500:]}") from None

    def close(self):
        shutil.rmtree(self.home, ignore_errors=True)


class ServerCosts:
    """What the server charged since it was last asked."""

    def __init__(self):
        self.url = os.environ["DEROUTER_COST_URL"]
        self.headers = {"Authorization": f"Bearer {os.environ['DEROUTER_ACCOUNT_KEY']}"}
        self.seen = set(self._lines())

    def _lines(self):
        answer = fetch(self.url, headers=self.headers)
        lists = [answer] if isinstance(answer, list) else [part for part in answer.values() if isinstance(part, list)]
        return {json.dumps(line, sort_keys=True): line for line in lists[0]}

    def of(self, _model, _usage):
        lines = self._lines()
        fresh = [line for text, line in lines.items() if text not in self.seen]
        self.seen |= set(lines)
        assert fresh, "the server shows no new usage line"
        return sum(Decimal(line["cost"]) for line in fresh)


class ListedCosts:
    """The same, reckoned from a price list: the price row's formula, rounded up once."""

    def __init__(self, file):
        self.rows = {row["id"]: row for row in json.loads(Path(file).read_text())["models"]}

    def of(self, model, usage):
        row = self.rows[model]
        writes = usage.get("cache_creation", {})
        hour = writes.get("ephemeral_1h_input_tokens", 0)
        tokens = {
            "input": usage["input_tokens"],
            "output": usage["output_tokens"],
            "cache_read": usage.get("cache_read_input_tokens", 0),
            "cache_write_5m": usage.get("cache_creation_input_tokens", 0) - hour,
            "cache_write_1h": hour,
        }
        total = sum(tokens.values()) - tokens["output"]
        tiers = [tier for tier in row.get("long_context", []) if total > tier["when_total_input_tokens_gt"]]
        rates = (tiers[-1] if tiers else row)["usd_per_million_tokens"]
        cost = sum(Decimal(rates[meter]) * count for meter, count in tokens.items() if count) / 1_000_000
        if usage.get("speed") == "fast":
            cost *= Decimal(row["speed_fast_multiplier"])
        if usage.get("inference_geo") == "us":
            cost *= Decimal(row["inference_geo_us_multiplier"])
        searches = usage.get("server_tool_use", {}).get("web_search_requests", 0)
        if searches:
            cost += Decimal(row["web_search_usd_per_1000"]) * searches / 1000
        return cost.quantize(NANO, ROUND_CEILING)


def nanos(reckoned):
    """Claude Code's figure without the dust of its floating point, rounded up as we round."""
    return Decimal(str(reckoned)).quantize(Decimal("1e-12")).quantize(NANO, ROUND_CEILING)


def compare(claude, costs, model, name, usage):
    fetch(SANDBOX_URL + "/_sandbox/scenario", "PUT", {"usage": usage})
    before = fetch(SANDBOX_URL + "/_sandbox/requests")["count"]
    answer = claude.ask(model)
    calls = fetch(SANDBOX_URL + "/_sandbox/requests")["count"] - before
    assert not answer["is_error"], answer["result"]
    theirs, ours = nanos(answer["total_cost_usd"]), costs.of(model, usage)
    assert theirs == ours * (calls if isinstance(costs, ListedCosts) else 1), f"Claude Code says {theirs}, we say {ours}"
    golden = GOLDEN.get((model, name))
    assert golden is None or golden * calls == theirs, f"worked out by hand it is {golden}"
    return f"${theirs} for {calls} call"


def main():
    prices = sys.argv[2] if sys.argv[1:2] == ["--prices"] else None
    costs = ListedCosts(prices) if prices else ServerCosts()
    claude = ClaudeCode(install())
    passed = failed = 0
    try:
        for model, priced in MODELS.items():
            for name, (usage, needs) in USAGES.items():
                if not needs <= priced:
                    continue
                try:
                    print(f"ok    {model}, {name}: {compare(claude, costs, model, name, usage)}", flush=True)
                    passed += 1
                except (AssertionError, subprocess.TimeoutExpired) as error:
                    print(f"FAIL  {model}, {name}: {error}", flush=True)
                    failed += 1
    finally:
        fetch(SANDBOX_URL + "/_sandbox/scenario", "DELETE")
        claude.close()
    print(f"claude code {VERSION}: {passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
