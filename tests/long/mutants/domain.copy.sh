# Sourced by tests/long/mutants.sh: copies the rules and what judges them to $1, as a package. The copies are dated now: a
# mutant that was built later than the original must not pass for it.

copy_set() {
    mkdir -p "$1/src" "$1/tests" "$1/config"
    rm -rf "$1/src" "$1/tests"
    mkdir -p "$1/src" "$1/tests"
    cp -r src/domain "$1/src/"
    cp -r tests/it "$1/tests/"
    cp config/prices.toml "$1/config/"
    cp Cargo.lock "$1/"
    cp tests/long/mutants/domain.toml "$1/Cargo.toml"
    cp tests/long/mutants/domain.rs "$1/src/lib.rs"
}
