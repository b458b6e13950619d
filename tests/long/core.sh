#!/usr/bin/env bash
# the pure core against a naive model: 1,000,000,000 movements, or DEROUTER_CORE_OPS; DEROUTER_SEED replays a run
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export DEROUTER_CORE_OPS=${DEROUTER_CORE_OPS:-1000000000}
cargo test --release --locked --test it core_model -- --nocapture
