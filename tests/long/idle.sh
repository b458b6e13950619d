#!/usr/bin/env bash
# 30,000 idle connections of strangers, or IDLE_CONNECTIONS: a key holder is served as before, and a running stream goes on
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/server.sh

binary=${IDLE_BINARY:-}
if [ -z "$binary" ]; then
    cargo build --release --locked --quiet
    binary=${CARGO_TARGET_DIR:-target}/release/derouter
fi
start_server "$binary"
made=$(DATA=$DATA/data python3 tests/clients/reseller.py)
eval "$made"
PYTHONDONTWRITEBYTECODE=1 python3 tests/long/idle/idle.py "$API_URL" "$CLIENT_KEY" "$SERVER_PID" "${IDLE_CONNECTIONS:-30000}"
if grep -n 'panicked at' "$DATA/server.log"; then
    echo "The program panicked." >&2
    exit 1
fi
derouter check
