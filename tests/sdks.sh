# Sourced by checks that need official SDKs; what the package registries give is kept under target/clients.
#
#   keep_sdks ROOT               sets kept, the folder they are kept in; ROOT: of the repository
#   python_with NAME PACKAGE     a virtual environment of its own, $kept/NAME
#   node_packages FROM NAME      FROM/suite.mjs and the packages of its lock file in $kept/NAME

keep_sdks() {
    kept=${CARGO_TARGET_DIR:-$1/target}/clients
    mkdir -p "$kept"
    kept=$(cd "$kept" && pwd)
}

python_with() {
    if [ ! -e "$kept/$1/ready" ]; then
        rm -rf "${kept:?}/$1"
        python3 -m venv "$kept/$1"
        "$kept/$1/bin/pip" install --quiet --disable-pip-version-check "$2"
        touch "$kept/$1/ready"
    fi
}

# The suite runs beside its packages, because a module looks for them from its own folder upwards.
node_packages() {
    mkdir -p "$kept/$2"
    cp "$1/suite.mjs" "$1/package.json" "$kept/$2/"
    if ! cmp -s "$1/package-lock.json" "$kept/$2/package-lock.json" || [ ! -e "$kept/$2/ready" ]; then
        rm -f "$kept/$2/ready"
        cp "$1/package-lock.json" "$kept/$2/"
        npm --prefix "$kept/$2" ci --silent --no-audit --no-fund
        touch "$kept/$2/ready"
    fi
}
