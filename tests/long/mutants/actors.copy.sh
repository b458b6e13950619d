# Sourced by tests/long/mutants.sh: copies lanes and the life of a call to $1, as a package, with the simulation that judges
# them. What they stand on is a package of its own below it, built once. The copies are dated now, as in domain.copy.sh.

export DEROUTER_SIMULATE_SEEDS=200
# A mutant may make a world slow without stopping it.
TEST_TIMEOUT=90

copy_set() {
    rm -rf "$1/src" "$1/tests" "$1/ground/src" "$1/ground/migrations"
    mkdir -p "$1/src" "$1/tests/it" "$1/config" "$1/ground/src"
    cp -r src/actors "$1/src/"
    cp -r tests/it/simulate "$1/tests/it/"
    cp config/prices.toml "$1/config/"
    cp -r src/domain src/store src/clock.rs "$1/ground/src/"
    cp -r migrations "$1/ground/"
    cp -r config "$1/ground/"
    cp Cargo.lock "$1/"
    cp tests/long/mutants/actors.toml "$1/Cargo.toml"
    cp tests/long/mutants/actors.ground.toml "$1/ground/Cargo.toml"
    cp tests/long/mutants/actors.rs "$1/src/lib.rs"
    printf '//! What actors stand on.\n\npub mod clock;\npub mod domain;\npub mod store;\n' >"$1/ground/src/lib.rs"
}
