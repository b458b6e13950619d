#!/usr/bin/env bash
# Fuzzes the program by its own OpenAPI document, with a private database of its own, then audits the books.
#
#   OPENAPI_REQUESTS   how many requests at least: 2000
#   OPENAPI_EXAMPLES   cases an operation and round: 20
#   FUZZ_SEED          replays a run
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/server.sh
. tests/sdks.sh
keep_sdks .
python_with venv-schemathesis 'schemathesis==4.32.5'

# One network of one person, who does in minutes what many do in a day; a key that is made may be called at once.
start_server "${DEROUTER_BINARY:-${CARGO_TARGET_DIR:-target}/debug/derouter}" \
    DEROUTER__IDENTITY__UNKNOWN_KEYS_PER_MINUTE=1000000 DEROUTER__IDENTITY__CODES_PER_NETWORK_HOUR=100000 \
    DEROUTER__LIMITS__RPM=1000000 DEROUTER__LIMITS__CONCURRENCY=100
DATA=$DATA/data PYTHONDONTWRITEBYTECODE=1 python3 tests/openapi/suite.py "$kept/venv-schemathesis/bin/st" \
    "${OPENAPI_REQUESTS:-2000}" "${OPENAPI_EXAMPLES:-20}"
if grep -n 'panicked at' "$DATA/server.log"; then
    echo "The program panicked." >&2
    exit 1
fi
derouter check
