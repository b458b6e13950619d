#!/usr/bin/env bash
# deterministic simulation: 10 minutes of seeds, or DEROUTER_SIMULATE_SECONDS; DEROUTER_SEED is the first, and replays one
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if [ -z "${DEROUTER_SIMULATE_SEEDS:-}" ]; then
    export DEROUTER_SIMULATE_SECONDS=${DEROUTER_SIMULATE_SECONDS:-600}
fi
cargo test --locked --test it simulate::runs::every -- --nocapture
