"""Plants one fault after another in a copy of the program, and demands that the test named for it turns red.

    plant.py FOLDER [NAME …]        FOLDER holds the copies; with names, only those faults

What the rules alone can show is planted in the package of the rules (`package = "rules"`, as of tests/long/mutants), which
is built in seconds; the rest in a copy of the whole.

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
PACKAGES = {
    "program": (FOLDER / "tree", ["cargo", "test", "--locked", "--quiet", "--test", "it"]),
    "rules": (FOLDER / "rules", ["cargo", "test", "--quiet"]),
}
# A fault may hang what it breaks: that is noticed too, by whoever waits.
LIMIT_S = 300


def copy(package):
    """The package as it is; files that did not change keep their date, so that little is built."""
    tree = PACKAGES[package][0]
    if package == "rules":
        script = '. tests/long/mutants/domain.copy.sh; copy_set "$1"'
        subprocess.run(["bash", "-euc", script, "copy", tree], cwd=ROOT, check=True)
        return
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, tree / name
        if not source.exists():
            target.unlink(missing_ok=True)
        elif not target.exists() or source.read_bytes() != target.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            shutil.copymode(source, target)


def cargo(package, *more, **how):
    tree, command = PACKAGES[package]
    target = {"CARGO_TARGET_DIR": str(tree / "target")} if package == "rules" else {}
    return subprocess.run([*command, *more], cwd=tree, capture_output=True, text=True, env=os.environ | target, **how)


def run(package, tests):
    """Whether these tests are green, and which failed; those that never end count as red."""
    try:
        done = cargo(package, "--", *tests, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        return False, f"not over after {LIMIT_S} s"
    sums = re.search(r"test result: \w+\. (\d+) passed; (\d+) failed", done.stdout)
    if not sums:
        return False, "the test run died"
    red = sorted(set(re.findall(r"^    (\w+(?:::\w+)+)$", done.stdout, re.M)))
    return int(sums[2]) == 0 and int(sums[1]) >= len(tests), ", ".join(red)


def plant(fault):
    package = fault.get("package", "program")
    file = PACKAGES[package][0] / fault["file"]
    sound = file.read_text()
    if sound.count(fault["old"]) != 1:
        return "STALE", f"the old text stands {sound.count(fault['old'])} times in {fault['file']}"
    try:
        file.write_text(sound.replace(fault["old"], fault["new"]))
        built = cargo(package, "--no-run")
        if built.returncode:
            return "STALE", "it does not compile: " + built.stderr[-1500:]
        is_green, red = run(package, fault["tests"])
        return ("MISSED", "") if is_green else ("red", red)
    finally:
        file.write_text(sound)


def check_sound(package, faults):
    """The package is copied, compiles, and the named tests are there and green."""
    copy(package)
    built = cargo(package, "--no-run")
    if built.returncode:
        sys.exit("it does not compile as it is:\n" + built.stderr)
    is_green, red = run(package, sorted({test for fault in faults for test in fault["tests"]}))
    if not is_green:
        sys.exit(f"the tests are not all there and green before anything is planted: {red}")


def main():
    faults = tomllib.loads((ROOT / "tests/long/faults/faults.toml").read_text())["fault"]
    assert len({fault["name"] for fault in faults}) == len(faults), "two faults of one name"
    chosen = [fault for fault in faults if not sys.argv[2:] or fault["name"] in sys.argv[2:]]
    if not chosen:
        sys.exit("no such fault")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        its_own = [fault for fault in chosen if fault.get("package", "program") == package]
        if its_own:
            check_sound(package, its_own)
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
