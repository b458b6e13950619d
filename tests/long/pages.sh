#!/usr/bin/env bash
# every page over 10,000 keys and 10 million calls of one reseller: 20 ms p99, usage over 90 days 50 ms
#
#   PAGES_CALLS PAGES_KEYS PAGES_DAYS   how much is made: 10000000 10000 90
#   PAGES_ROUNDS                        how often each page is asked for: 200
#   PAGES_FOLDER                        keeps what was made there, or takes what is there already
#   PAGES_CHECK=no                      leaves the checker out, which takes minutes
#   pages.sh [WORD …]                   only pages whose path has one of the words
set -euo pipefail
. tools/need.sh
. tests/server.sh
cargo build --release --locked --quiet
here=tests/long/pages
calls=${PAGES_CALLS:-10000000} keys=${PAGES_KEYS:-10000} days=${PAGES_DAYS:-90}
parts=26
if [ -n "${PAGES_FOLDER:-}" ]; then
    mkdir -p "$PAGES_FOLDER"
    DATA=$PAGES_FOLDER
    trap stop_server EXIT
fi

database() { psql -X -q -v ON_ERROR_STOP=1 "postgres://derouter@localhost/postgres?host=$DATA/data/socket" "$@"; }

seed() {
    local account
    account=$(python3 $here/people.py sign-in)
    made() { database -v account="$account" -v keys="$keys" -v calls="$calls" -v days="$days" -v parts=$parts "$@"; }
    made -f $here/seed_keys.sql >/dev/null
    # Two sessions, each every other part of the time.
    every_other() { for part in $(seq "$1" 2 $((parts - 1))); do made -v part="$part" -f $here/seed_calls.sql; done; }
    every_other 0 &
    every_other 1
    wait $!
    made -f $here/seed_books.sql
    database -c 'VACUUM ANALYZE'
    python3 $here/people.py bind "$account"
    touch "$DATA/seeded"
}

# The newest calls of the seed are over, so marks of usage are due at once: no hour may be left that is due for one.
marked() {
    until [ "$(database -At -c "SELECT count(*) FROM ledger.usage_reach r JOIN ledger.account a USING (account_id)
                                WHERE r.seq = a.last_seq AND NOT EXISTS (
                                  SELECT 1 FROM ledger.usage_hour h
                                  WHERE h.account_id = r.account_id AND h.hour >= r.until
                                    AND h.hour < now() - interval '3 hours 5 minutes')")" = 1 ]; do
        sleep 1
    done
    database -c 'VACUUM ANALYZE ledger.usage_mark, ledger.usage_unusual'
}

took() {
    local began=$SECONDS
    "${@:2}"
    say "$1: $((SECONDS - began)) s"
}

# Everybody here comes from one network.
start_server "${CARGO_TARGET_DIR:-target}/release/derouter" DEROUTER__IDENTITY__CODES_PER_NETWORK_HOUR=1000
if [ ! -e "$DATA/seeded" ]; then
    took "$calls calls of $keys keys over $days days were made" seed
    stop_server
    start_server_again
fi
took "Sums of usage are up to date" marked
if [ "${PAGES_CHECK:-}" != no ]; then took "The books were checked" derouter check; fi
SERVER_PID=$SERVER_PID python3 $here/measure.py "$@"
