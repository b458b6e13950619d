#!/bin/sh
# Runs the official SDKs' suites against a server: `anthropic` for Python, its old and its new major version, and
# `@anthropic-ai/sdk` for TypeScript. Prints a line a case, a sum at the end, and fails if a case failed.
#
#   DEROUTER_BASE_URL    where the model API listens
#   DEROUTER_KEY         a client key with money, DEROUTER_SLOTS calls at once (5), and at least 300 calls a minute;
#                        three of them with spaces between, and the suites run side by side, a key each
#   DEROUTER_POOR_KEY    a client key that cannot afford a call
#   DEROUTER_PAUSED_KEY  a client key that is paused
#   SANDBOX_URL          the sandbox provider behind the server
#   DEROUTER_MODEL       a model of the price book (claude-sonnet-5-5)
#
# `run.sh --direct` lets the SDKs speak to the sandbox itself, DEROUTER_KEY being its credential: it checks the suites.
# What the package registries give is kept under target/clients.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../sdks.sh"
keep_sdks "$here/../.."

if [ "${1:-}" = --direct ]; then
    export DIRECT=1
    DEROUTER_BASE_URL=${DEROUTER_BASE_URL:-${SANDBOX_URL:?}}
    export DEROUTER_BASE_URL
else
    : "${DEROUTER_BASE_URL:?}" "${DEROUTER_POOR_KEY:?}" "${DEROUTER_PAUSED_KEY:?}"
fi
: "${DEROUTER_KEY:?}" "${SANDBOX_URL:?}"

python_with venv-old 'anthropic==0.40.0'
python_with venv-new 'anthropic>=2,<3'
node_packages "$here/ts" ts

said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT
# shellcheck disable=SC2086
set -- $DEROUTER_KEY
one=$1 two=${2:-$1} three=${3:-$1}
side_by_side=$#

suite() { # key, what it says goes to, command
    key=$1 file=$2
    shift 2
    if [ "$side_by_side" -ge 3 ]; then
        DEROUTER_KEY=$key "$@" >"$said/$file" 2>&1 &
    else
        DEROUTER_KEY=$key "$@" 2>&1 | tee "$said/$file"
    fi
}

suite "$one" 1 "$kept/venv-old/bin/python" "$here/python/suite.py"
suite "$two" 2 "$kept/venv-new/bin/python" "$here/python/suite.py"
suite "$three" 3 node "$kept/ts/suite.mjs"
if [ "$side_by_side" -ge 3 ]; then
    wait
    cat "$said"/*
fi

# A suite that died without its closing line counts as failed.
awk '/^(python|typescript) .*: [0-9]+ passed, [0-9]+ failed$/ { passed += $(NF-3); failed += $(NF-1); suites += 1 }
     END { failed += 3 - suites; print passed + 0 " passed, " failed + 0 " failed"; exit failed > 0 }' "$said"/*
