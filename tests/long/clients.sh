#!/usr/bin/env bash
# Claude Code against the proxy: it answers, stops when it should, and its own cost equals ours to the nano-dollar
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/server.sh

cargo build --locked --quiet
start_server "${CARGO_TARGET_DIR:-target}/debug/derouter"
made=$(DATA=$DATA/data python3 tests/clients/reseller.py)
eval "$made"
# Not exported: the program refuses variables of its own prefix that it does not know.
ANTHROPIC_BASE_URL=$API_URL DEROUTER_KEY=$CLIENT_KEY DEROUTER_ACCOUNT_KEY=$ACCOUNT_KEY \
    DEROUTER_COST_URL="$API_URL/api/v1/usage" python3 tests/clients/claude_code.py
derouter check
