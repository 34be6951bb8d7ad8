#!/usr/bin/env bash
# The second way to the wasm target, for where rustup cannot add it: Debian's Rust, and its packaged sources of the
# standard library built for wasm32.
#   .ci/debian-wasm.sh FOLDER   makes a toolchain in FOLDER (bin/ and lib/; the compiler itself stays in /usr)
#   .ci/debian-wasm.sh --test   makes one in a scratch folder, and builds and runs a small wasm with it
set -euo pipefail
PACKAGES=(rustc-web cargo-web rust-web-src rust-web-clippy rustfmt-web lld-22)
TARGET=wasm32-unknown-unknown

fail() {
  echo "debian-wasm: $*" >&2
  exit 1
}

packages() {
  if dpkg -s "${PACKAGES[@]}" > /dev/null 2>&1; then return; fi
  command -v apt-get > /dev/null || fail "there is no apt-get here, so ${PACKAGES[*]} cannot be installed."
  local root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo > /dev/null || fail "installing ${PACKAGES[*]} takes root or sudo."
    root=(sudo)
  fi
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq || true
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${PACKAGES[@]}" \
    > /dev/null || fail "apt-get could not install ${PACKAGES[*]}: is there a network?"
}

toolchain() {
  local prefix=$1 work
  packages
  rm -rf "$prefix"
  mkdir -p "$prefix/bin" "$prefix/lib/rustlib/$TARGET/lib"
  local file
  for file in /usr/lib/rustlib/*; do
    ln -s "$file" "$prefix/lib/rustlib/"
  done
  for file in cargo cargo-clippy clippy-driver cargo-fmt rustfmt rustdoc; do
    ln -s "/usr/bin/$file" "$prefix/bin/$file"
  done
  ln -s /usr/bin/lld-22 "$prefix/bin/rust-lld"
  printf '#!/bin/sh\nexec /usr/bin/rustc --sysroot "%s" "$@"\n' "$prefix" > "$prefix/bin/rustc"
  chmod +x "$prefix/bin/rustc"

  # An empty crate, built together with the standard library. The bitcode is what link-time optimisation works on, the
  # crate `test` what wasm tests link.
  work=$(mktemp -d)
  mkdir "$work/src"
  printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2021"\n' > "$work/Cargo.toml"
  touch "$work/src/lib.rs"
  (
    cd "$work"
    env -u RUSTUP_TOOLCHAIN PATH=/usr/bin:/bin RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR="$work/target" \
      cargo build --quiet --release --target "$TARGET" -Zbuild-std=std,panic_abort,test
  )
  for file in "$work/target/$TARGET/release/deps"/lib*.rlib; do
    case $(basename "$file") in
      libempty-*) ;;
      *) cp "$file" "$prefix/lib/rustlib/$TARGET/lib/" ;;
    esac
  done
  rm -rf "$work"
}

# A crate that allocates, sorts and formats, with the page's profile; what it returns is known.
try() {
  local prefix=$1 work
  work=$(mktemp -d)
  mkdir "$work/src"
  cat > "$work/Cargo.toml" << 'END'
[package]
name = "small"
version = "0.0.0"
edition = "2021"
[lib]
crate-type = ["cdylib"]
[profile.release]
opt-level = "z"
lto = true
codegen-units = 1
panic = "abort"
strip = true
END
  cat > "$work/src/lib.rs" << 'END'
#[no_mangle]
pub extern "C" fn answer(n: u32) -> u32 {
    let mut all: Vec<String> = (0..n).rev().map(|i| format!("{i:02}")).collect();
    all.sort();
    all.concat().len() as u32 + all[2].parse::<u32>().unwrap()
}
END
  (
    cd "$work"
    env -u RUSTUP_TOOLCHAIN PATH="$prefix/bin:$PATH" SYSROOT="$prefix" CARGO_TARGET_DIR="$work/target" bash -euc "
      cargo build --quiet --release --target $TARGET
      cargo clippy --quiet --release --target $TARGET"
  )
  local wasm=$work/target/$TARGET/release/small.wasm
  node -e '
    const bytes = require("fs").readFileSync(process.argv[1]);
    WebAssembly.instantiate(bytes).then(({ instance }) => {
      const answer = instance.exports.answer(20);
      if (answer !== 42) throw new Error(`the wasm answers ${answer}, not 42`);
      console.log(`debian-wasm: a wasm of ${bytes.length} bytes, built with link-time optimisation, answers ${answer}: ok`);
    });' "$wasm"
  rm -rf "$work"
}

if [ "${1:-}" = --test ]; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  toolchain "$scratch/rust"
  try "$scratch/rust"
else
  toolchain "${1:?a folder for the toolchain}"
fi
