# Sourced by ./run and ./test: says what happens, and installs what is missing from the system's packages.

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# The folder of the newest PostgreSQL programs, 15 or later; nothing if there are none.
postgres_folder() {
    local folder major best=0 found=
    for folder in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin "$(dirname "$(command -v initdb || echo /none/initdb)")"; do
        [ -x "$folder/initdb" ] || continue
        major=$("$folder/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
        if [ "$major" -ge 15 ] && [ "$major" -gt "$best" ]; then best=$major found=$folder; fi
    done
    printf '%s' "$found"
}

# Another program may install something now: it is waited for.
system_packages() { as_root apt-get -o DPkg::Lock::Timeout=300 -qq "$@" >/dev/null; }

need_postgres() {
    [ -z "$(postgres_folder)" ] || return 0
    command -v apt-get >/dev/null || fail "PostgreSQL 15 or newer is missing: install it, or set DATABASE_URL."
    say "Installing PostgreSQL from the system's packages…"
    system_packages update
    # The package would start a server of its own on port 5432; ours lives in the data folder and needs no port.
    system_packages install -y --no-install-recommends postgresql-common
    as_root mkdir -p /etc/postgresql-common/createcluster.d
    printf 'create_main_cluster = false\n' | as_root tee /etc/postgresql-common/createcluster.d/derouter.conf >/dev/null
    system_packages install -y --no-install-recommends postgresql
    [ -n "$(postgres_folder)" ] || fail "The system's packages have no PostgreSQL 15 or newer: install one, or set DATABASE_URL."
}

# A program that only the checks need, and the package that has it: need_program nginx nginx-light
need_program() {
    if command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ]; then return 0; fi
    command -v apt-get >/dev/null || fail "$1 is missing, and the checks need it."
    say "Installing $2 from the system's packages…"
    system_packages update
    system_packages install -y --no-install-recommends "$2"
}

need_chromium() {
    [ -x /usr/bin/chromium ] || need_program chromium chromium
    [ -x /usr/bin/chromium ] || fail "The browser checks need Debian's Chromium at /usr/bin/chromium."
}

need_cargo() {
    if ! command -v cargo >/dev/null && [ -r "$HOME/.cargo/env" ]; then . "$HOME/.cargo/env"; fi
    command -v cargo >/dev/null || fail "Rust is missing: install it from https://rustup.rs, then start again."
    command -v cc >/dev/null || fail "A C compiler is missing: apt-get install build-essential, then start again."
}

# A tool that only the checks need, compiled once into target/tools: need_crate cargo-deny 0.20.2; sets CRATES, its folder.
need_crate() {
    local root
    root=$(realpath -m "${CARGO_TARGET_DIR:-target}")/tools
    CRATES=$root/bin
    if cargo install --list --root "$root" 2>/dev/null | grep -qx "$1 v$2:"; then return 0; fi
    say "Compiling $1 $2…"
    # It runs for seconds: what matters is how soon it is there.
    CARGO_TARGET_DIR=$root/build CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0 \
        cargo install --quiet --locked --version "$2" --root "$root" "$1"
    rm -rf "$root/build"
}
