# Sourced by the Makefile's recipes and by the other scripts: pinned versions, and where the tools are. They live outside
# the clone, keyed by version, so that a fresh clone finds them in place. FAULTLINE_TOOLS names another folder.
# shellcheck shell=bash

TRUNK_VERSION=0.21.14
# Trunk downloads another wasm-bindgen unless the two are equal.
BINDGEN_VERSION=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/version = |"/, ""); print }' Cargo.lock)
RUST_VERSION=$(awk -F'"' '/^channel/ { print $2 }' rust-toolchain.toml)

TOOLS=${FAULTLINE_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/faultline}
TRUNK_HOME=$TOOLS/trunk-$TRUNK_VERSION
BINDGEN_HOME=$TOOLS/wasm-bindgen-$BINDGEN_VERSION
NPM_HOME=$TOOLS/npm-$(cksum < .ci/npm/package-lock.json | tr ' ' '-')
# Only where rustup cannot add the wasm target: see .ci/debian-wasm.sh.
DEBIAN_TOOLCHAIN=$TOOLS/debian-rust

export PATH=$TRUNK_HOME/bin:$BINDGEN_HOME/bin:$PATH
export AXE_JS=$NPM_HOME/node_modules/axe-core/axe.min.js
# Another toolchain than the pinned one, chosen by the set-up: a name that rustup knows, or the Debian one's folder.
if [ -z "${RUSTUP_TOOLCHAIN:-}" ] && [ -f "$TOOLS/toolchain" ]; then
  chosen=$(cat "$TOOLS/toolchain")
  if [ -d "$chosen" ]; then
    export PATH=$chosen/bin:$PATH SYSROOT=$chosen
  else
    export RUSTUP_TOOLCHAIN=$chosen
  fi
fi
