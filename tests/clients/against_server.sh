#!/usr/bin/env bash
# Runs the official SDKs' suites against the program itself, with a private database of its own, then audits the books.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/server.sh

BINARY=${DEROUTER_BINARY:-${CARGO_TARGET_DIR:-target}/debug/derouter}
start_server "$BINARY"
new_account 1000
new_key suite 500 300 --rpm 6000 && suite=$KEY
new_key poor 0.000001 0.000001 && poor=$KEY
new_key paused 5 3 && paused=$KEY
pause_key "$KEY_ID"

# Not exported: the program refuses variables of its own prefix that it does not know.
DEROUTER_BASE_URL=$API_URL DEROUTER_KEY=$suite DEROUTER_POOR_KEY=$poor DEROUTER_PAUSED_KEY=$paused \
    sh tests/clients/run.sh
derouter check
