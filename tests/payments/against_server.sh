#!/usr/bin/env bash
# Holds our two payment providers against the official SDKs: the same requests of the same orders, seen by one recorder,
# and notices that the SDKs sign. What the package registries give is kept under target/clients.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/server.sh
here=$PWD/tests/payments
. tests/sdks.sh
keep_sdks .
python_with venv-stripe 'stripe==16.1.0'
node_packages "$here/node" payments

FOLDER=$(mktemp -d /tmp/derouter-payments-XXXXXX)
start_recorder

export RECORDER_URL STRIPE_TEST_KEY=sk_test_51recorded STORE=5BtfVkKQkEPq \
    NOTICE_SECRET=whsec_test_secret BTCPAY_TEST_KEY=a-key-of-the-store BRAND='Shop & Söhne'
start_server "${DEROUTER_BINARY:-${CARGO_TARGET_DIR:-target}/debug/derouter}" \
    DEROUTER__BRAND__NAME="$BRAND" \
    DEROUTER__PAYMENTS__CARD=stripe DEROUTER__STRIPE__BASE_URL="$RECORDER_URL" DEROUTER_STRIPE_KEY=$STRIPE_TEST_KEY \
    DEROUTER_STRIPE_WEBHOOK_SECRETS=$NOTICE_SECRET DEROUTER__PAYMENTS__CRYPTO=btcpay \
    DEROUTER__BTCPAY__BASE_URL="$RECORDER_URL" DEROUTER__BTCPAY__STORE_ID=$STORE DEROUTER_BTCPAY_KEY=$BTCPAY_TEST_KEY \
    DEROUTER_BTCPAY_WEBHOOK_SECRETS=sixteen-signs-at-least

person() { DATA=$DATA/data PYTHONPATH=tests/walkthrough PYTHONDONTWRITEBYTECODE=1 python3 "$here/order.py" "$FOLDER" "$@"; }
person
"$kept/venv-stripe/bin/python" "$here/suite.py" "$FOLDER"
node "$kept/payments/suite.mjs" "$FOLDER"
person after
derouter check
