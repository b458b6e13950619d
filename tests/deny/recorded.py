"""Holds Cargo.lock to the recorded advisories beside this file; exits with 1 and names each unsound crate.

A record that no longer meets its crate, or that excuses a version which is sound, is an error too: it says something
that is not so.
"""
import pathlib
import re
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
LOCK = HERE.parent.parent / "Cargo.lock"


def number(text):
    """`0.23.46` as three whole numbers; a pre-release has no place in our lock file or in these ranges."""
    parts = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(\+[\w.+-]+)?", text)
    if not parts:
        raise ValueError(f"{text} is not a version of three whole numbers")
    return tuple(int(part) for part in parts.group(1, 2, 3))


def holds(version, comparison):
    sign, bound = comparison.split()
    here, there = number(version), number(bound)
    return {">=": here >= there, "<": here < there}[sign]


def is_sound(version, ranges):
    return any(all(holds(version, one.strip()) for one in each.split(",")) for each in ranges)


def faults(locked, advisories):
    for advisory in advisories:
        name, versions = advisory["crate"], locked.get(advisory["crate"], [])
        unsound = [version for version in versions if not is_sound(version, advisory["sound"])]
        if not versions:
            yield f"{advisory['id']}: the lock file has no {name} any more; take the record out"
        elif unsound and "met" not in advisory:
            yield f"{advisory['id']}: {name} {', '.join(unsound)}: {advisory['about']}; sound: {advisory['sound']}"
        elif "met" in advisory and not unsound:
            yield f"{advisory['id']}: {name} {', '.join(versions)} is sound; take the excuse out"


def main():
    locked = {}
    for package in tomllib.loads(LOCK.read_text())["package"]:
        locked.setdefault(package["name"], []).append(package["version"])
    advisories = tomllib.loads((HERE / "advisories.toml").read_text())["advisory"]
    # The check must be able to fail: the oldest version there could be is unsound by each record.
    for advisory in advisories:
        unexcused = {key: advisory[key] for key in advisory if key != "met"}
        assert list(faults({advisory["crate"]: ["0.0.1"]}, [unexcused])), advisory
    found = list(faults(locked, advisories))
    print("\n".join(found) or f"{len(advisories)} recorded advisories, {len(locked)} crates: none is met without a reason")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
