#!/usr/bin/env bash
# small changes (cargo-mutants) in the rules, or in lanes and calls, of which a test must notice 95 of 100; MUTANTS_SHARDS="0 5" runs a part of it
#
# MUTANTS_SET=domain          the rules, or actors: lanes and the life of a call, judged by the simulation;
#                             tests/long/mutants/SET.toml is its package, SET.copy.sh fills it, SET.config.toml says
#                             what is changed
# MUTANTS_SHARDS="0 5 11"     only these of 24 shards; what earlier runs found of the others still counts
# MUTANTS_AGAIN=1             only what no test noticed in earlier runs, and what they did not reach
#
# The set is copied below target/ as a package of its own, so that a mutant costs seconds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tools/need.sh
need_cargo
need_crate cargo-mutants 27.1.0

SHARDS=24
SET=${MUTANTS_SET:-domain}
SETUP=tests/long/mutants
[ -e "$SETUP/$SET.copy.sh" ] || fail "There is no set of mutants named $SET; there are: $(cd "$SETUP" && echo *.copy.sh)"
TARGET=$(realpath -m "${CARGO_TARGET_DIR:-target}")
WORK=$TARGET/mutants/$SET
VERDICTS=$WORK/verdicts.json

. "$SETUP/$SET.copy.sh"
copy_set "$WORK"
if [ -z "${MUTANTS_SHARDS:-}${MUTANTS_AGAIN:-}" ] || [ ! -e "$VERDICTS" ]; then echo '{}' >"$VERDICTS"; fi
(cd "$WORK" && "$CRATES/cargo-mutants" mutants --list --config "$OLDPWD/$SETUP/$SET.config.toml") >"$WORK/list"
python3 "$SETUP/sum.py" keep "$VERDICTS" "$WORK/list"

# Fewer rounds of the random models: a wrong rule shows in the first hundreds.
export CARGO_TARGET_DIR=$WORK/target DEROUTER_CORE_OPS=20000 DEROUTER_SEED=1
# Of a failure only that it is one counts.
export RUST_BACKTRACE=0 PROPTEST_MAX_SHRINK_ITERS=0
(cd "$WORK" && cargo test --quiet)

# It exits with 2 if something was missed and with 3 on time-outs; the sum below judges.
mutate() {
    local out=$WORK/out/$1
    shift
    mkdir -p "$out"
    (cd "$WORK" && "$CRATES/cargo-mutants" mutants --in-place --config "$OLDPWD/$SETUP/$SET.config.toml" --output "$out" \
        --baseline skip --timeout "${TEST_TIMEOUT:-20}" --build-timeout 300 --colors never --no-times "$@") || [ $? -le 3 ]
    python3 "$SETUP/sum.py" add "$VERDICTS" "$out/mutants.out/outcomes.json"
}

if [ -n "${MUTANTS_AGAIN:-}" ]; then
    mapfile -t missed < <(python3 "$SETUP/sum.py" missed "$VERDICTS" "$WORK/list")
    say "Once more: what ${#missed[@]} patterns name"
    mutate again "${missed[@]/#/--re=}"
else
    for shard in ${MUTANTS_SHARDS:-$(seq 0 $((SHARDS - 1)))}; do
        say "Shard $shard of $SHARDS"
        mutate "$shard" --shard "$shard/$SHARDS" --sharding round-robin
    done
fi
python3 "$SETUP/sum.py" judge "$VERDICTS" 95
