#!/usr/bin/env bash
# schemathesis over the served OpenAPI document: 100,000 requests or OPENAPI_REQUESTS; no 500, nothing undeclared, books clean
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
cargo build --locked --quiet
OPENAPI_REQUESTS=${OPENAPI_REQUESTS:-100000} OPENAPI_EXAMPLES=${OPENAPI_EXAMPLES:-150} bash tests/openapi/against_server.sh
