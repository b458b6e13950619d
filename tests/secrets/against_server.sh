#!/usr/bin/env bash
# Uses the whole program with every secret known, at the log level "debug", and looks for each of them in all that came
# out: answers, mails, logs, answers of commands, and a dump of the database. Before that, the headers of every kind of answer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tools/need.sh
. tests/server.sh

BINARY=${DEROUTER_BINARY:-${CARGO_TARGET_DIR:-target}/debug/derouter}
FOLDER=$(mktemp -d /tmp/derouter-secrets-XXXXXX)
# As root the program goes on as another user, who must be able to walk in.
chmod 755 "$FOLDER"
start_recorder

# Each is unmistakable, so that finding it is finding it.
secret() { python3 -c "import secrets; print('$1' + secrets.token_hex(20))"; }
export PEPPER=$(secret pepper-) SIGNING=$(secret signing-) UPSTREAM=$(secret sk-upstream-) STRIPE=$(secret sk_test_) \
    STRIPE_NOTICE=$(secret whsec_) BTCPAY=$(secret btcpay-) BTCPAY_NOTICE=$(secret btcpaynotice-) \
    DATABASE_PASSWORD=$(secret dbpass) REDIS_PASSWORD=$(secret redispass) SMTP_PASSWORD=$(secret smtp-)
start_server "$BINARY" DEROUTER__LOG__FILTER=debug DEROUTER_PEPPER="$PEPPER" DEROUTER_SIGNING="$SIGNING" \
    DEROUTER_UPSTREAM_CREDENTIAL="$UPSTREAM" DEROUTER_SMTP_PASSWORD="$SMTP_PASSWORD" \
    REDIS_URL="redis://:$REDIS_PASSWORD@127.0.0.1:1" \
    DEROUTER__PAYMENTS__CARD=stripe DEROUTER__STRIPE__BASE_URL="$RECORDER_URL" DEROUTER_STRIPE_KEY="$STRIPE" \
    DEROUTER_STRIPE_WEBHOOK_SECRETS="$STRIPE_NOTICE" DEROUTER__PAYMENTS__CRYPTO=btcpay \
    DEROUTER__BTCPAY__BASE_URL="$RECORDER_URL" DEROUTER__BTCPAY__STORE_ID=5BtfVkKQkEPq DEROUTER_BTCPAY_KEY="$BTCPAY" \
    DEROUTER_BTCPAY_WEBHOOK_SECRETS="$BTCPAY_NOTICE"
as_person() { DATA=$DATA/data PYTHONPATH=tests/walkthrough:tests/secrets PYTHONDONTWRITEBYTECODE=1 python3 "$@"; }
as_person tests/secrets/headers.py
as_person tests/secrets/run.py "$FOLDER"

# What an operator reads in a terminal, and what a database that does not answer makes the program say.
{
    derouter check
    derouter doctor || true
} >"$FOLDER/commands" 2>&1
socket=$(sed -n 5p "$DATA/data/postgres/postmaster.pid")
# web.mail is the outbox of the dev profile, which stands for the mailboxes; elsewhere a sent mail's body is erased.
"$(postgres_folder)/pg_dump" -h "$socket" -U derouter --data-only --inserts --exclude-table-data=web.mail postgres >"$FOLDER/dump"
stop_server
DATABASE_URL="postgres://derouter:$DATABASE_PASSWORD@127.0.0.1:1/derouter" DEROUTER__DATA_DIR="$FOLDER/data" \
    DEROUTER__LOG__FILTER=debug DEROUTER__DATABASE__CONNECT_TIMEOUT_S=1 timeout 20 "$BINARY" \
    >"$FOLDER/away" 2>&1 && fail "the program started without its database"
grep -q "the store is away" "$FOLDER/away" || fail "The program did not get as far as its database: $(cat "$FOLDER/away")"
as_person tests/secrets/search.py "$FOLDER" "$DATA/server.log" "$FOLDER/commands" "$FOLDER/away" "$FOLDER/dump"
