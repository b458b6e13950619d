#!/usr/bin/env bash
# Tries dashboard and portal in Chromium against the program itself, with a private database of its own, then audits
# the books.
#
#   against_server.sh [WORD …]     only scenarios whose sentence or file has one of the words
#   against_server.sh screenshots  writes docs/screenshots/ anew and tries nothing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/server.sh

here=tests/browser
target=${CARGO_TARGET_DIR:-target}
if ! cmp -s $here/package-lock.json $here/node_modules/installed; then
    npm --prefix $here ci --silent --no-audit --no-fund
    cp $here/package-lock.json $here/node_modules/installed
fi
mkdir -p "$target/browser"

binary=$target/debug/derouter
if [ "${1:-}" = screenshots ]; then
    . tools/need.sh
    need_program faketime faketime
    # The month of the pictures passes in a minute: the server reads its wall clock, and that alone, with this offset.
    DATA=$(mktemp -d /tmp/derouter-server-XXXXXX) CLOCK=$DATA/clock
    echo -28d >"$CLOCK"
    as=
    if [ "$(id -u)" = 0 ]; then
        as="setpriv --reuid=postgres --regid=postgres --clear-groups"
        chown postgres "$DATA"
    fi
    cat >"$DATA/derouter" <<SCRIPT
#!/bin/sh
exec $as env LD_PRELOAD=$(find /usr/lib -name libfaketimeMT.so.1 | head -n 1) FAKETIME_TIMESTAMP_FILE=$CLOCK \
    FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 $(realpath "$binary") "\$@"
SCRIPT
    chmod 755 "$DATA/derouter"
    binary=$DATA/derouter
    export CLOCK
fi

# Everybody here comes from one network; and nobody waits a minute for a second code.
start_server "$binary" DEROUTER__IDENTITY__CODES_PER_NETWORK_HOUR=1000 \
    DEROUTER__REFERRAL__ACCRUE_EVERY_S=2 DEROUTER__IDENTITY__BINDS_PER_HOUR=1000 DEROUTER__IDENTITY__RESEND_AFTER_S=4

if [ "${1:-}" = screenshots ]; then
    DATA=$DATA/data node $here/screenshots.mjs
    derouter check
    exit
fi

# The server is this shell's, so what scenarios want of it comes through a pipe, and the answer through another.
mkfifo "$DATA/ask" "$DATA/said"
exec 3<>"$DATA/ask" 4<>"$DATA/said"
(
    failed=0
    PICTURES=$(cd "$target/browser" && pwd) ASK=$DATA/ask SAID=$DATA/said DATA=$DATA/data node $here/run.mjs "$@" || failed=1
    echo over >&3
    exit $failed
) &
scenarios=$!
while read -r word who <&3; do
    said=$word
    case $word in
    stop) stop_server ;;
    start) start_server_again ;;
    check) derouter check >"$DATA/findings" || said=$(cat "$DATA/findings") ;;
    # As if the code that this person signed in with were a quarter of an hour old.
    age) psql -q "postgres://derouter@localhost/postgres?host=$DATA/data/socket" -v "who=$who" <<<"UPDATE web.session s
        SET proved_at = proved_at - interval '15 minutes' FROM web.reseller r
        WHERE r.account_id = s.account_id AND r.address = :'who'" ;;
    # Codes come on one line: an answer ends with it.
    mint) said=$(derouter code mint --amount "${who% *}" --count "${who#* }" 2>&1 | tr '\n' ' ') ;;
    month) psql -q "postgres://derouter@localhost/postgres?host=$DATA/data/socket" -v "who=$who" <<<"UPDATE web.news_since
        SET at = at - interval '70 days'; UPDATE ledger.commission c SET accrued_at = accrued_at - interval '1 month' FROM web.reseller r
        WHERE r.account_id = c.referrer_id AND r.address = :'who'" ;;
    over) break ;;
    esac
    echo "$said" >&4
done
wait "$scenarios" || { cp "$DATA/server.log" "$target/browser/server.log"; exit 1; }
