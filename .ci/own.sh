#!/bin/sh
# Runs one of the repository's own programs: `.ci/own.sh split FILE`. `make test` has them built by then (OWN names their
# folder); else cargo builds them.
set -eu
program=$1
shift
if [ -n "${OWN:-}" ]; then exec "$OWN/$program" "$@"; fi
exec cargo run --quiet --locked --manifest-path "$(dirname "$0")/../Cargo.toml" --bin "$program" -- "$@"
