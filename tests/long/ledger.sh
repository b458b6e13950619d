#!/usr/bin/env bash
# the ledger on PostgreSQL: 200,000 movements, 2,000 orders of races, 300 kills under load, or DEROUTER_{DB_OPS,RACE_ROUNDS,CRASH_ROUNDS}
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export DEROUTER_DB_OPS=${DEROUTER_DB_OPS:-200000}
export DEROUTER_RACE_ROUNDS=${DEROUTER_RACE_ROUNDS:-2000}
export DEROUTER_CRASH_ROUNDS=${DEROUTER_CRASH_ROUNDS:-300}
cargo test --locked --test it -- --nocapture ledger_postgres:: races::l7 crash::a12
