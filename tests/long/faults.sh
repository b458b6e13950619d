#!/usr/bin/env bash
# plants each fault of tests/long/faults/faults.toml in a copy of the program: the test it names must turn red; FAULTS="name …" picks some
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export CARGO_INCREMENTAL=1
exec python3 tests/long/faults/plant.py "$(realpath -m "${CARGO_TARGET_DIR:-target}")/faults" ${FAULTS:-}
