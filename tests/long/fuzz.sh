#!/usr/bin/env bash
# every reader of a stranger's bytes under libFuzzer: events, usage, requests, amounts, notices, spool; FUZZ_SECONDS (60) each
#
#   FUZZ_SECONDS         how long each target runs
#   fuzz.sh [TARGET …]   only these; what was found on the way is kept below target/fuzz and used again
#
# The properties are those of tests/it/fuzzed, which ./test runs over the same seeds with far fewer changes. The package
# forbids unsafe code, so no sanitizer slows this down; memory is bounded by the limits below.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tools/need.sh

CARGO_FUZZ=0.13.2
cargo +nightly --version >/dev/null 2>&1 || fail "libFuzzer needs a nightly compiler: rustup toolchain install nightly, then start again."
mkdir -p "${CARGO_TARGET_DIR:-target}"
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
tools=$target/tools
if [ ! -x "$tools/bin/cargo-fuzz" ]; then
    say "Installing cargo-fuzz $CARGO_FUZZ…"
    cargo install cargo-fuzz --version "$CARGO_FUZZ" --locked --quiet --root "$tools"
fi
kept=$target/fuzz
PATH=$tools/bin:$PATH cargo +nightly fuzz build --fuzz-dir fuzz -O -s none --target-dir "$kept"
built=$kept/$(rustc -vV | sed -n 's/^host: //p')/release
seconds=${FUZZ_SECONDS:-60}
names=("$@")
[ $# -gt 0 ] || for file in fuzz/fuzz_targets/*.rs; do names+=("$(basename "$file" .rs)"); done

failed=0
for name in "${names[@]}"; do
    mkdir -p "$kept/corpus/$name" "$kept/found/$name"
    log=$kept/$name.log
    if ! "$built/$name" "$kept/corpus/$name" "fuzz/seeds/$name" -max_total_time="$seconds" -max_len=4096 -timeout=10 \
        -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$kept/found/$name/" >"$log" 2>&1; then
        failed=1
        grep -v '^#' "$log" | tail -n 40 >&2
        say "$name fell; its input is in $kept/found/$name"
    fi
    awk -v name="$name" '
        / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") cov = $(i + 1) }
        /^INFO: Seed:/ { seed = $3 }
        /number_of_executed_units/ { runs = $2 } /average_exec_per_sec/ { rate = $2 } /peak_rss_mb/ { rss = $2 }
        END { printf "%-8s %12d executions %8d a second  %5d edges  %4d MB at most  seed %s\n", name, runs, rate, cov, rss, seed }
    ' "$log"
done
exit $failed
