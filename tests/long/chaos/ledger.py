"""The books as PostgreSQL has them, read past the program: new lines of each account since the last look."""
import json
from types import SimpleNamespace

ANSWERED, UPSTREAM_FAILED, NO_ANSWER, CANCELLED, DRAINED, CRASH, UNSETTLED = range(1, 8)
ESTIMATED, PARTIAL, CLIENT_GONE, CUT_BY_BUDGET, CAPPED, REPLAYED = (1 << bit for bit in range(6))

# Late lines carry the call id of their call, so an hour of ids is looked through.
CALLS = """
SELECT coalesce(json_agg(c), '[]') FROM (
  SELECT call_id AS id, account_id AS account, key_id AS key, seq, outcome, flags, cost, price, absorbed, input, output,
         detail->>'upstream_id' AS upstream, extract(epoch FROM started_at)::float8 AS started
  FROM ledger.call JOIN (VALUES {seen}) AS s (account, seen) ON account_id = s.account::uuid
  WHERE call_id >= ledger.uuid7_floor(now() - interval '1 hour') AND seq > s.seen ORDER BY account_id, seq) c"""
JOURNAL = """
SELECT coalesce(json_agg(j), '[]') FROM (
  SELECT account_id AS account, seq FROM ledger.journal JOIN (VALUES {seen}) AS s (account, seen) ON account_id = s.account::uuid
  WHERE seq > s.seen) j"""
ACCOUNTS = "SELECT coalesce(json_agg(a), '[]') FROM ledger.account a"
KEYS = "SELECT coalesce(json_agg(k), '[]') FROM ledger.client_key k"
NOTES = "SELECT count(*) FROM ledger.open_call"


class Ledger:
    def __init__(self, world, findings):
        self.world, self.findings, self.seen = world, findings, {}

    def rows(self, statement):
        return [SimpleNamespace(**row) for row in json.loads(self.world.sql(statement, "derouter"))]

    def watch(self, account):
        self.seen[account] = 0

    def new_lines(self):
        """Lines of calls since the last look; numbers of calls and journal together must have no gap."""
        seen = ", ".join(f"('{account}', {seq})" for account, seq in self.seen.items())
        calls, journal = (self.rows(statement.format(seen=seen)) for statement in (CALLS, JOURNAL))
        for account, last in self.seen.items():
            numbers = sorted(row.seq for row in calls + journal if row.account == account)
            wanted = list(range(last + 1, last + 1 + len(numbers)))
            self.findings.unless(numbers == wanted, lambda: f"account {account}: numbers after {last} are {numbers[:50]}…")
            self.seen[account] = last + len(numbers)
        return calls

    def accounts(self):
        return {row.account_id: row for row in self.rows(ACCOUNTS)}

    def keys(self):
        return {row.key_id: row for row in self.rows(KEYS)}

    def notes(self):
        return int(self.world.sql(NOTES, "derouter"))
