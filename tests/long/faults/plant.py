"""Plants one fault after another in a copy of the program, and demands that the test named for it turns red.

    plant.py FOLDER [NAME …]        FOLDER holds the copy; with names, only those faults

First every named test must be green on the program as it is, and be there: a test that always fails proves nothing. A
fault that no longer fits its file, or that does not compile, is an error, for it plants nothing. Results are kept in
FOLDER/results.json as they come.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = pathlib.Path(sys.argv[1])
TREE = FOLDER / "tree"
# A fault may hang what it breaks: that is noticed too, by whoever waits.
LIMIT_S = 300
RUN = ["cargo", "test", "--locked", "--quiet", "--test", "it"]


def copy():
    """The tree as it is; files that did not change keep their date, so that little is built."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, TREE / name
        if not source.exists():
            target.unlink(missing_ok=True)
        elif not target.exists() or source.read_bytes() != target.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            shutil.copymode(source, target)


def build():
    return subprocess.run([*RUN, "--no-run"], cwd=TREE, capture_output=True, text=True)


def run(tests):
    """Whether these tests are green, and how many failed; those that never end count as red."""
    try:
        done = subprocess.run([*RUN, "--", *tests], cwd=TREE, capture_output=True, text=True, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        return False, 0, f"not over after {LIMIT_S} s"
    sums = re.search(r"test result: \w+\. (\d+) passed; (\d+) failed", done.stdout)
    if not sums:
        return False, 0, "the test run died"
    passed, failed = int(sums[1]), int(sums[2])
    red = re.findall(r"^    (\w+(?:::\w+)+)$", done.stdout, re.M)
    return failed == 0 and passed >= len(tests), failed, ", ".join(sorted(set(red)))


def plant(fault):
    file = TREE / fault["file"]
    sound = file.read_text()
    if sound.count(fault["old"]) != 1:
        return "STALE", f"the old text stands {sound.count(fault['old'])} times in {fault['file']}"
    try:
        file.write_text(sound.replace(fault["old"], fault["new"]))
        built = build()
        if built.returncode:
            return "STALE", "it does not compile: " + built.stderr[-1500:]
        is_green, failed, red = run(fault["tests"])
        return ("MISSED", "") if is_green else ("red", f"{failed}: {red}" if failed else red)
    finally:
        file.write_text(sound)


def main():
    faults = tomllib.loads((ROOT / "tests/long/faults/faults.toml").read_text())["fault"]
    assert len({fault["name"] for fault in faults}) == len(faults), "two faults of one name"
    chosen = [fault for fault in faults if not sys.argv[2:] or fault["name"] in sys.argv[2:]]
    if not chosen:
        sys.exit("no such fault")
    copy()
    built = build()
    if built.returncode:
        sys.exit("the program does not compile as it is:\n" + built.stderr)
    is_green, _, red = run(sorted({test for fault in chosen for test in fault["tests"]}))
    if not is_green:
        sys.exit(f"the tests are not all there and green before anything is planted: {red}")
    kept = FOLDER / "results.json"
    results = json.loads(kept.read_text()) if sys.argv[2:] and kept.exists() else {}
    for fault in chosen:
        begun = time.monotonic()
        verdict, why = plant(fault)
        results[fault["name"]] = {"verdict": verdict, "why": why}
        kept.write_text(json.dumps(results, indent=1))
        print(f"{verdict:6} {fault['name']} ({time.monotonic() - begun:.0f} s) {why}", flush=True)
    bad = [name for name, result in results.items() if result["verdict"] != "red"]
    print(f"{len(results)} faults planted, {len(results) - len(bad)} turned something red" + (f"; not: {bad}" if bad else ""))
    sys.exit(bool(bad))


if __name__ == "__main__":
    os.environ.setdefault("RUST_BACKTRACE", "0")
    main()
