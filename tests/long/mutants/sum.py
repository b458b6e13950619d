"""Keeps the verdict on each mutant over many runs, and judges them.

sum.py add VERDICTS OUTCOMES      takes the outcomes of a run of cargo-mutants into the file of verdicts
sum.py missed VERDICTS LIST       prints a pattern for each mutant that was not noticed, or not reached
sum.py keep VERDICTS LIST         forgets what is no mutant any more: its line changed, or it is excluded
sum.py judge VERDICTS PERCENT     prints the sums and what was missed; fails below PERCENT

A mutant that does not compile is not counted. One that never ends is noticed: the test run would not end either.
"""
import collections
import json
import pathlib
import re
import sys

NOTICED = {"CaughtMutant", "Timeout"}


def add(verdicts, outcomes):
    known = json.loads(verdicts.read_text()) if verdicts.exists() else {}
    for outcome in json.loads(outcomes.read_text())["outcomes"]:
        if outcome["scenario"] != "Baseline":
            known[outcome["scenario"]["Mutant"]["name"]] = outcome["summary"]
    verdicts.write_text(json.dumps(known, indent=1))


def missed(verdicts, listed):
    known = json.loads(verdicts.read_text())
    for name in listed.read_text().splitlines():
        if known.get(name) not in NOTICED | {"Unviable"}:
            # Where it stands may move with a line above it.
            where, what = re.fullmatch(r"([^:]+):\d+:\d+: (.*)", name).groups()
            print("^" + re.escape(where) + r":\d+:\d+: " + re.escape(what) + "$")


def keep(verdicts, listed):
    known, kept = json.loads(verdicts.read_text()), {}
    there, before = by_change(listed.read_text().splitlines()), by_change(known)
    for change, names in there.items():
        # Lines above it may have come or gone. Where not each of several has a verdict, only the line says whose it is.
        if len(before[change]) == len(names):
            kept |= {name: known[old] for name, old in zip(names, before[change])}
        else:
            kept |= {name: known[name] for name in names if name in known}
    verdicts.write_text(json.dumps(kept, indent=1))


def by_change(names):
    """Names by file, column and change, each list in the order of their lines."""
    found = collections.defaultdict(list)
    for name in names:
        file, line, rest = name.split(":", 2)
        found[file, rest].append((int(line), name))
    return collections.defaultdict(list, {change: [name for _, name in sorted(all)] for change, all in found.items()})


def judge(verdicts, percent):
    known = json.loads(verdicts.read_text())
    sums = collections.Counter(known.values())
    counted = len(known) - sums["Unviable"]
    noticed = sum(sums[verdict] for verdict in NOTICED)
    for name in sorted(name for name, verdict in known.items() if verdict not in NOTICED | {"Unviable"}):
        print("not noticed:", name)
    print(
        f"{len(known)} mutants: {sums['CaughtMutant']} caught, {sums['Timeout']} never ended, {counted - noticed} not "
        f"noticed, {sums['Unviable']} did not compile; {100 * noticed / max(counted, 1):.1f} % noticed, "
        f"the bar is {percent} %"
    )
    if counted == 0 or 100 * noticed < percent * counted:
        sys.exit(1)


if __name__ == "__main__":
    verb, verdicts, *more = sys.argv[1:]
    verdicts = pathlib.Path(verdicts)
    if verb == "add":
        add(verdicts, pathlib.Path(more[0]))
    elif verb == "missed":
        missed(verdicts, pathlib.Path(more[0]))
    elif verb == "keep":
        keep(verdicts, pathlib.Path(more[0]))
    else:
        judge(verdicts, int(more[0]))
