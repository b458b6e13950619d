# Sourced by checks that need the real program: starts it on free ports with a private cluster of its own in a temporary
# folder, and takes both away when the shell ends.
#
#   start_server BINARY [NAME=VALUE …]   sets DATA, DASHBOARD_URL, PORTAL_URL, API_URL, CONSOLE_URL, SANDBOX_URL, SERVER_PID
#   stop_server                          in order, as SIGTERM does
#   start_server_again                   with the same settings, on the same data folder and ports
#   derouter COMMAND …                   a command of the program beside that server
#   new_account DOLLARS                  sets ACCOUNT and ACCOUNT_KEY of a reseller who has signed in
#   new_key LABEL BUDGET COST [OPTION …] sets KEY (the secret) and KEY_ID
#   pause_key ID                         as the reseller
#   start_recorder                       a recorder of what payment providers are asked, in FOLDER: sets RECORDER_URL; both
#                                        end with the shell

SERVER_PID=

free_ports() {
    python3 - "$1" <<'PYTHON'
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in sockets:
    s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))
PYTHON
}

start_server() {
    SERVER_BINARY=$1
    shift
    DATA=${DATA:-$(mktemp -d /tmp/derouter-server-XXXXXX)}
    # As root the program goes on as another user, who must be able to walk in.
    chmod 755 "$DATA"
    read -r dashboard portal api console sandbox < <(free_ports 5)
    DASHBOARD_URL=http://127.0.0.1:$dashboard PORTAL_URL=http://127.0.0.1:$portal API_URL=http://127.0.0.1:$api
    CONSOLE_URL=http://127.0.0.1:$console SANDBOX_URL=http://127.0.0.1:$sandbox
    SERVER_SETTINGS=(DEROUTER__DATA_DIR="$DATA/data" DEROUTER__LISTEN__DASHBOARD="127.0.0.1:$dashboard"
        DEROUTER__LISTEN__PORTAL="127.0.0.1:$portal" DEROUTER__LISTEN__API="127.0.0.1:$api"
        DEROUTER__LISTEN__CONSOLE="127.0.0.1:$console" DEROUTER__LISTEN__SANDBOX="127.0.0.1:$sandbox" "$@")
    start_server_again
    export DATA DASHBOARD_URL PORTAL_URL API_URL CONSOLE_URL SANDBOX_URL
}

start_server_again() {
    local tries=0
    env -u DATABASE_URL -u REDIS_URL "${SERVER_SETTINGS[@]}" "$SERVER_BINARY" >>"$DATA/server.log" 2>&1 &
    SERVER_PID=$!
    until python3 -c "import urllib.request as u; u.urlopen('$API_URL/readyz', timeout=2)" 2>/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 300 ] || ! kill -0 "$SERVER_PID" 2>/dev/null; then
            cat "$DATA/server.log" >&2
            echo "The server did not become ready." >&2
            exit 1
        fi
        sleep 0.2
    done
}

derouter() {
    env -u DATABASE_URL -u REDIS_URL DEROUTER__DATA_DIR="$DATA/data" DEROUTER__LISTEN__CONSOLE="${CONSOLE_URL#http://}" \
        "$SERVER_BINARY" "$@"
}

# Python that speaks to the server as people and their programs do: tests/walkthrough/person.py.
as_person() {
    DATA=$DATA/data PYTHONPATH=tests/walkthrough PYTHONDONTWRITEBYTECODE=1 python3 - "$@"
}

new_account() {
    read -r ACCOUNT ACCOUNT_KEY < <(as_person <<'PYTHON'
import json
from person import DASHBOARD, Person
you = Person(DASHBOARD, "you@shop.example")
print(json.loads(you.seen[0])["account"], you.ask("/api/v1/account-key", {})["account_key"])
PYTHON
    )
    derouter account deposit "$ACCOUNT" "$1" >/dev/null
}

new_key() {
    local said label=$1 budget=$2 cost=$3
    shift 3
    said=$(derouter key create "$ACCOUNT" "$label" --budget "$budget" --cost "$cost" "$@")
    KEY=$(awk '$1 == "key" { print $2 }' <<<"$said") KEY_ID=$(awk '$1 == "id" { print $2 }' <<<"$said")
}

pause_key() {
    as_person "$1" "$ACCOUNT_KEY" <<'PYTHON'
import sys
from person import API, say
key, account_key = sys.argv[1:]
say(API, f"/api/v1/keys/{key}/pause", {}, headers={"authorization": "Bearer " + account_key})
PYTHON
}

start_recorder() {
    python3 tests/payments/recorder.py "$FOLDER" &
    RECORDER_PID=$!
    trap 'kill $RECORDER_PID 2>/dev/null || true; rm -rf "$FOLDER"; clean_up' EXIT
    until [ -e "$FOLDER/port" ]; do
        kill -0 $RECORDER_PID
        sleep 0.1
    done
    RECORDER_URL="http://127.0.0.1:$(cat "$FOLDER/port")"
}

stop_server() {
    [ -n "$SERVER_PID" ] || return 0
    kill -TERM "$SERVER_PID" 2>/dev/null || true
    wait "$SERVER_PID" || true
    SERVER_PID=
}

clean_up() {
    stop_server
    if [ -n "${DATA:-}" ]; then
        # Only a server that died leaves its cluster behind.
        local pid_file=$DATA/data/postgres/postmaster.pid
        if [ -e "$pid_file" ]; then kill -QUIT "$(head -n 1 "$pid_file")" 2>/dev/null || true; fi
        rm -rf "$DATA"
    fi
}
trap clean_up EXIT
