#!/usr/bin/env bash
# Walks through the reseller guide on the program itself, with a private database of its own, then audits the books.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/server.sh

BINARY=${CARGO_TARGET_DIR:-target}/debug/derouter
start_server "$BINARY"
DATA=$DATA/data python3 tests/walkthrough/walkthrough.py
derouter check
