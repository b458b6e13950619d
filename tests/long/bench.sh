#!/usr/bin/env bash
# the whole program under load beside nginx as a bare proxy, with the bars of the speed promise
set -euo pipefail
. tools/need.sh
need_program nginx nginx-light
need_program wrk wrk
cargo build --release --locked --quiet
exec python3 tests/long/bench/bench.py "$@"
