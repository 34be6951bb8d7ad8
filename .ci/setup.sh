#!/usr/bin/env bash
# Installs what is missing at pinned versions; quick when nothing is.
#   .ci/setup.sh serve   what the page's build needs: wasm target, trunk, wasm-bindgen
#   .ci/setup.sh test    that and what the tests need: Chromium and its driver, Firefox, axe-core
# What cannot be installed is named in one sentence, and the exit code is 1.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-test}
# shellcheck source=.ci/env.sh
. .ci/env.sh

say() { printf '\033[1mset-up:\033[0m %s\n' "$*"; }
fail() {
  printf '\033[1mset-up failed:\033[0m %s\n' "$*" >&2
  exit 1
}

# apt PROGRAM SENTENCE PACKAGE...: installs the packages unless the program is there. The sentence says how to get the
# program without apt.
apt() {
  local program=$1 otherwise=$2
  shift 2
  if command -v "$program" > /dev/null; then return; fi
  command -v apt-get > /dev/null || fail "$program is missing and there is no apt-get here: $otherwise"
  local root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo > /dev/null || fail "$program is missing and installing it takes root or sudo: $otherwise"
    root=(sudo)
  fi
  say "installing $* by apt-get"
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq || true
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" > /dev/null ||
    fail "apt-get could not install $* (is there a network?): $otherwise"
}

# cargo_tool CRATE VERSION HOME [ARGUMENT...]: builds a tool cheaply (it runs for seconds, so optimising it for minutes
# does not pay).
cargo_tool() {
  local crate=$1 version=$2 home=$3
  shift 3
  say "building $crate $version (once, some minutes)"
  CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    CARGO_PROFILE_RELEASE_STRIP=true CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_TARGET_DIR=$TOOLS/build \
    cargo install "$crate" --version "=$version" --root "$home" --no-track --quiet "$@"
}

# The compiler.
apt cc "install a C compiler and linker" gcc libc6-dev
command -v cargo > /dev/null || fail "cargo is missing: install Rust $RUST_VERSION by rustup, as www.rust-lang.org says."
if command -v rustup > /dev/null && [ -z "${RUSTUP_TOOLCHAIN:-}${SYSROOT:-}" ]; then
  # Where the pinned version is not installed under its own name, an installed one of the same version does.
  if ! rustup which rustc > /dev/null 2>&1 &&
    ! rustup toolchain install "$RUST_VERSION" --profile minimal --component clippy rustfmt > /dev/null 2>&1; then
    for name in $(rustup toolchain list | cut -d' ' -f1); do
      if [ "$(rustup run "$name" rustc --version | cut -d' ' -f2)" = "$RUST_VERSION" ]; then
        export RUSTUP_TOOLCHAIN=$name
        mkdir -p "$TOOLS"
        echo "$name" > "$TOOLS/toolchain"
        break
      fi
    done
    rustup which rustc > /dev/null 2>&1 ||
      fail "Rust $RUST_VERSION is missing and could not be downloaded: run 'rustup toolchain install $RUST_VERSION'."
  fi
fi
rustc --version > /dev/null || fail "Rust $RUST_VERSION does not run: install it by 'rustup toolchain install $RUST_VERSION'."

# The wasm target.
has_wasm() { [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib" ]; }
if ! has_wasm; then
  say "adding the target wasm32-unknown-unknown"
  if ! { command -v rustup > /dev/null && rustup target add wasm32-unknown-unknown; }; then
    say "rustup could not add it: building it from Debian's packaged sources"
    .ci/debian-wasm.sh "$DEBIAN_TOOLCHAIN" ||
      fail "the target wasm32-unknown-unknown is missing: run 'rustup target add wasm32-unknown-unknown' with a network."
    mkdir -p "$TOOLS"
    echo "$DEBIAN_TOOLCHAIN" > "$TOOLS/toolchain"
    . .ci/env.sh
  fi
fi

# The project's own dependencies, so that everything after this works without a network.
cargo fetch --locked --quiet ||
  fail "the crates in Cargo.lock could not be downloaded: run 'cargo fetch --locked' with a network."

# Trunk, and the wasm-bindgen that equals Cargo.lock. An installed one of the right version does as well.
if [ "$(trunk --version 2> /dev/null)" != "trunk $TRUNK_VERSION" ]; then
  # Without its default features it neither looks for updates of itself nor downloads tools.
  cargo_tool trunk "$TRUNK_VERSION" "$TRUNK_HOME" --locked --no-default-features ||
    fail "trunk is missing: run 'cargo install trunk --locked --version $TRUNK_VERSION' with a network."
fi
if [ "$(wasm-bindgen --version 2> /dev/null)" != "wasm-bindgen $BINDGEN_VERSION" ] ||
  ! command -v wasm-bindgen-test-runner > /dev/null; then
  # Not --locked: the lock file of 0.2.130 names a crate version that was withdrawn.
  cargo_tool wasm-bindgen-cli "$BINDGEN_VERSION" "$BINDGEN_HOME" ||
    fail "wasm-bindgen is missing: run 'cargo install wasm-bindgen-cli --version $BINDGEN_VERSION' with a network."
fi
rm -rf "$TOOLS/build"

if [ "$what" = test ]; then
  cargo fetch --locked --quiet --manifest-path tests/manifest/Cargo.toml ||
    fail "the crates in tests/manifest/Cargo.lock could not be downloaded: run 'cargo fetch --locked' there with a network."
  # At once, so that they are of one version.
  apt chromium "install Chromium and put it on the PATH" chromium chromium-driver chromium-headless-shell
  apt chromedriver "install the ChromeDriver of Chromium's version and put it on the PATH" chromium-driver
  if [ -z "${CHROMIUM_SHELL:-}" ]; then
    apt chromium-headless-shell "install Chromium's headless build, or name a Chromium in the variable CHROMIUM_SHELL" \
      chromium-headless-shell
  fi
  if [ -z "${FIREFOX:-}" ]; then
    apt firefox-esr "install Firefox and name it in the variable FIREFOX" firefox-esr
  fi
  apt node "install Node.js 18 or newer" nodejs
  if [ ! -f "$AXE_JS" ]; then
    apt npm "install npm" npm
    say "installing axe-core by npm"
    mkdir -p "$NPM_HOME"
    cp .ci/npm/package.json .ci/npm/package-lock.json "$NPM_HOME"
    (cd "$NPM_HOME" && npm ci --ignore-scripts --no-audit --no-fund --silent) ||
      fail "axe-core could not be installed: run 'npm ci' in .ci/npm with a network and name axe.min.js in AXE_JS."
  fi
fi
