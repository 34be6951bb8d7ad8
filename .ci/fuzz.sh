#!/bin/bash
# Coverage-guided fuzzing (libFuzzer) of every target of tests/parsers, or of those named: SECONDS_EACH for each. The flags are
# those of cargo-fuzz without a sanitizer, so that the pinned stable compiler takes them. What fails is left in
# target/fuzz/TARGET, with the command that replays it. Needs a C++ compiler.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=.ci/env.sh
source .ci/env.sh
host=$(rustc -vV | sed -n 's/^host: //p')
flags="--cfg fuzzing -Cpasses=sancov-module"
for flag in level=4 inline-8bit-counters pc-table trace-compares; do flags+=" -Cllvm-args=-sanitizer-coverage-$flag"; done
# With a target named, build scripts and macros are not instrumented.
RUSTFLAGS=$flags cargo build --release --locked --manifest-path tests/guided/Cargo.toml --target "$host" --target-dir target/fuzz/build
binary=target/fuzz/build/$host/release/guided
read -ra targets <<< "${TARGETS:-scenario imported_run lesson prose link progress settings catalogue history wire}"
for target in "${targets[@]}"; do
  folder=target/fuzz/$target
  mkdir -p "$folder/corpus"
  echo "== $target"
  if ! TARGET=$target CORPUS=$folder/corpus "$binary" "$folder/corpus" -artifact_prefix="$folder/" -max_total_time="${SECONDS_EACH:-30}" \
    -max_len=4096 -timeout=5 -rss_limit_mb=1024 -use_value_profile=1 -print_final_stats=1 > "$folder/log" 2>&1; then
    tail -25 "$folder/log"
    echo "It failed. To replay it: TARGET=$target $binary $folder/crash-…"
    exit 1
  fi
  grep -E "stat::(number_of_executed_units|peak_rss_mb)|cov:" "$folder/log" | tail -3
done
