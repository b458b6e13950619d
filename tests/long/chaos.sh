#!/usr/bin/env bash
# chaos on real processes: 300 kills of the program, 50 of PostgreSQL, slow and cut connections, full disks; nobody pays wrongly
#
#   CHAOS_ROUNDS   rounds in all, 494 unless told; kinds are shared out by their weight (tests/long/chaos/rounds.py)
#   CHAOS_SEED     draws the same kinds, faults and moments again
#   CHAOS_KINDS    only these kinds, such as "kill stop"
#   CHAOS_CLIENTS  callers at once, 200 unless told
#   CHAOS_BINARY   the program; unless told a release build is made
#   CHAOS_READY_S  seconds a start after kill -9 may take, 2 unless told
#   CHAOS_NOTE_S   seconds a call may run before a crash leaves a line of it, 1 unless told
#   CHAOS_KEEP     a folder for logs and data, which stays
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tools/need.sh
need_postgres
need_program redis-server redis-server
need_program psql postgresql-client
if [ -z "${CHAOS_BINARY:-}" ]; then
    cargo build --release --locked --quiet
    CHAOS_BINARY=${CARGO_TARGET_DIR:-target}/release/derouter
fi
CHAOS_BINARY=$(realpath "$CHAOS_BINARY")
export CHAOS_BINARY POSTGRES_FOLDER=${POSTGRES_FOLDER:-$(postgres_folder)} PYTHONDONTWRITEBYTECODE=1
python3 tests/long/chaos/audit_test.py
exec python3 tests/long/chaos/chaos.py
