#!/usr/bin/env python3
"""Runs schemathesis over the served OpenAPI document until enough requests were answered: suite.py ST REQUESTS EXAMPLES

A round has a reseller of its own, so that no list grows without end, and a seed of its own, FUZZ_SEED + its number. It
fails on a server error, a status, header, media type or body that the document does not declare, on schema-breaking data
that is taken, and on an operation that answers without its credential.
"""
import collections, json, os, pathlib, random, subprocess, sys, tempfile, time, uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "walkthrough"))
from person import API, CONSOLE, DASHBOARD, OPERATOR, Person, say

HERE = pathlib.Path(__file__).resolve().parent
# Not: positive_data_acceptance, since sound data may be too dear, or a date too far away; use_after_free, since a deleted
# key is shown as closed for ever.
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
          "response_schema_conformance,negative_data_rejection,missing_required_header,unsupported_method,"
          "allow_header_conformance,ensure_resource_availability,ignored_auth")

# Rounds go on to at most so many times the wanted requests, until each operation has succeeded once.
MOST_ROUNDS = 6


def people():
    """A reseller with money, an Account Key and a client key that nothing is in the way of."""
    person = Person(DASHBOARD, f"fuzz-{uuid.uuid4().hex[:8]}@shop.example")
    account = person.ask("/api/v1/me")["account"]
    say(CONSOLE, f"/op/accounts/{account}/deposit", {"amount": "900000000", "id": "fuzz"}, headers=OPERATOR)
    order = {"label": "fuzz", "budget": "90000", "cost": "60000", "rpm": 1000000, "concurrency": 100, "id": "fuzz"}
    key = say(CONSOLE, f"/op/accounts/{account}/keys", order, headers=OPERATOR)
    return {"account": account, "account_key": person.pay("/api/v1/account-key")["account_key"],
            "client_key": key["key"], "keys": [key["id"]]}


def round_of(st, folder, seed, examples):
    (folder / "credentials.json").write_text(json.dumps(people()))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DEROUTER_")}
    environment |= {"FUZZ_CREDENTIALS": str(folder / "credentials.json"), "FUZZ_TOLD": str(folder / "told"),
                    "FUZZ_SEED": str(seed), "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE),
                    "PYTHONDONTWRITEBYTECODE": "1"}
    command = [st, "run", API + "/api/v1/openapi.json", "--checks", CHECKS, "--max-examples", str(examples), "--seed",
               str(seed), "--workers", "1", "--no-color", "--continue-on-failure", "--max-failures", "30",
               "--generation-database", "none", "--suppress-health-check", "all", "--warnings", "off",
               "--request-timeout", "60"]
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        print(done.stdout[-20000:])
        raise SystemExit(f"FAIL  schemathesis found something; FUZZ_SEED={seed} replays it")


def described():
    """Every operation, but the address that schemathesis takes the document from: it leaves that out."""
    paths = say(API, "/api/v1/openapi.json")["paths"]
    names = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    return names - {"GET /api/v1/openapi.json"}


def main(st, wanted, examples):
    seed = int(os.environ.get("FUZZ_SEED") or random.randrange(2**31))
    print(f"FUZZ_SEED={seed}", flush=True)
    statuses, operations, began, rounds = collections.Counter(), collections.Counter(), time.monotonic(), 0
    with tempfile.TemporaryDirectory(prefix="derouter-openapi-") as folder:
        folder = pathlib.Path(folder)
        # A run whose requests are all refused, or never made, would prove nothing: rounds go on until each operation
        # has succeeded, and not for ever.
        silent = described()
        while statuses.total() < wanted or silent and statuses.total() < MOST_ROUNDS * wanted:
            round_of(st, folder, seed + rounds, examples)
            rounds += 1
            told = [json.loads(line) for line in (folder / "told").read_text().splitlines()]
            statuses = sum((collections.Counter(one["statuses"]) for one in told), collections.Counter())
            for one in told[-1:]:
                operations.update({name: sum(n for code, n in by.items() if code.startswith("2")) for name, by in one["operations"].items()})
            silent = sorted(name for name in described() if operations[name] == 0)
            print(f"round {rounds}: {statuses.total()} requests, never a success yet: {len(silent)}", flush=True)
    seconds = time.monotonic() - began
    if silent:
        raise SystemExit(f"FAIL  never a success: {', '.join(silent)}")
    said = ", ".join(f"{code}: {n}" for code, n in sorted(statuses.items()))
    print(f"{statuses.total()} requests on {len(operations)} operations in {rounds} rounds, {seconds:.0f} s: {said}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
