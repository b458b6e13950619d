"""What the suite says: a line a round, and at the end a table and the verdict."""
import time

from settings import CLIENTS, READY_S, SEED

# Findings shown in full; more of the same help nobody.
SHOWN = 12
TOTALS = {
    "calls": "calls clients began", "asked": "of these the provider was asked", "whole": "answers clients saw whole",
    "left": "calls clients left", "lines": "lines in the ledger", "billed": "billed", "replayed": "settled from a spool or after a crash",
    "crash": "voided as cut by a crash, absorbed", "lost": "asked in the last moment before a kill, without a line",
    "unsettled": "not billed, as no disk took them", "capped": "dearer than the key's rest", "cut_by_budget": "ended as the key was used up",
}


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class Report:
    def __init__(self, chaos):
        self.chaos, self.rounds, self.kills = chaos, {}, 0

    def say(self, line):
        print(line, flush=True)

    def begins(self, kinds):
        self.count = len(kinds)
        self.say(f"seed {SEED}, {len(kinds)} rounds, {CLIENTS} clients, began {time.strftime('%F %T')}")
        if why := self.chaos.world.mounts.why_not:
            self.say(f"full disks are left out: {why}")

    def round(self, round_, seconds):
        self.rounds.setdefault(round_.kind, []).append(seconds)
        self.kills += len(round_.kills)
        total = self.chaos.audit.total
        last = "+".join(f"{s:.2f}" for s in round_.recovered_s) or "-"
        said = "  ".join(f"{name} {total[name]}" for name in ("calls", "whole", "billed", "crash", "lost"))
        self.say(f"{round_.number:4}/{self.count}  {seconds:5.1f} s  {round_.how:28} {said}  ready {last}")

    def verdict(self):
        """The exit code: 1 where a bar is missed."""
        slow = [took for took in self.chaos.faults.recoveries["kill"] if took > READY_S]
        if slow:
            self.say(f"bar missed: {len(slow)} starts after kill -9 took longer than {READY_S} s")
        return int(bool(slow))

    def ends(self, code):
        self.table()
        lines = self.chaos.findings.lines
        for line in lines[:SHOWN]:
            self.say(f"FINDING  {line}")
        if lines:
            self.say(f"{len(lines)} findings in round {sum(map(len, self.rounds.values()))}; seed {SEED}; logs and data: {self.chaos.world.folder}")
        self.say(f"ended {time.strftime('%F %T')}: " + ("FAILED" if code else "nobody paid wrongly, every bar was met"))

    def table(self):
        self.say("\n| rounds | count | seconds a round |\n|---|---|---|")
        for kind, seconds in sorted(self.rounds.items(), key=lambda pair: -len(pair[1])):
            self.say(f"| {kind} | {len(seconds)} | {sum(seconds) / len(seconds):.1f} |")
        self.say("\n| calls | |\n|---|---|")
        for name, words in TOTALS.items():
            self.say(f"| {words} | {self.chaos.audit.total[name]:,} |")
        self.say(f"| absorbed by the platform | ${self.chaos.audit.total['absorbed'] / 1e9:,.2f} |")
        self.say("\n| ready again after | times | p50 | p99 | most |\n|---|---|---|---|---|")
        for name, took in self.chaos.faults.recoveries.items():
            if took:
                self.say(f"| {name} | {len(took)} | {percentile(took, 0.5):.2f} s | {percentile(took, 0.99):.2f} s | {max(took):.2f} s |")
        self.say(f"\nof calls without a line, where the store was there, the oldest was {self.chaos.audit.oldest_lost_s * 1000:.0f} ms old at its kill")
        self.say(f"{self.kills} times kill -9 in all; answers to clients by status: {dict(sorted(self.statuses(), key=str))}")
        done = {}
        for reseller in self.chaos.resellers:
            for what, times in reseller.done.items():
                done[what] = done.get(what, 0) + times
        self.say(f"money moved by resellers meanwhile: {done}")

        self.say("the program at rest: at most {} MB in memory, {} open files".format(*self.chaos.heaviest))

    def statuses(self):
        return [(status or "none", count) for status, count in self.chaos.clients.statuses.items()]
