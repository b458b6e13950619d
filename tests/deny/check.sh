#!/usr/bin/env bash
# Licences, sources, banned crates and advisories of what the lock file names (deny.toml, tests/deny/advisories.toml).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tools/need.sh
need_crate cargo-deny 0.20.2

# Duplicates are only told; their trees would hide the rest.
"$CRATES/cargo-deny" --locked check --hide-inclusion-graph --allow duplicate bans licenses sources
python3 tests/deny/recorded.py
if timeout 60 "$CRATES/cargo-deny" --locked fetch db >/dev/null 2>&1; then
    "$CRATES/cargo-deny" --locked check --hide-inclusion-graph advisories
else
    say "NOT CHECKED: the advisory database cannot be reached from here; only the recorded advisories were looked at."
fi
