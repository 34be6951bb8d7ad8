#!/bin/sh
# Called by Trunk after a build. Trunk names a worker's files without a hash; this adds one, and writes each loader's
# new name where the page looks it up: <meta name="engine"> and its like in index.html. Page and engine of a release are cut
# in parts. Then it writes into the service worker which files the build consists of.
set -eu
cd "$TRUNK_STAGING_DIR"
if command -v sha256sum > /dev/null; then sum=sha256sum; else sum='shasum -a 256'; fi
# edit FILE SCRIPT
edit() {
  sed "$2" "$1" > "$1.new"
  mv "$1.new" "$1"
}
# What wasm-bindgen writes, without its comments and indentation: 0.4 kB less of an engine, 0.9 kB of the page. It has no
# text that goes over several lines.
for script in engine.js explorer.js designer.js faultline-*.js; do
  sed '/^ *\/\*.*\*\/ *$/d; /^ *\/\*\*/,/\*\//d; /^ *\/\//d; s/^ *//; /^$/d' "$script" > "$script.new"
  mv "$script.new" "$script"
done
# What the linker wrote: page and engine are cut by what it says.
linked=${CARGO_TARGET_DIR:-$TRUNK_SOURCE_DIR/../target}/wasm32-unknown-unknown/release
# split SCRIPT FILE [LINKED PART]
split() {
  sh "$TRUNK_SOURCE_DIR/../.ci/own.sh" split "$@"
}
for engine in engine explorer designer; do
  wasm=${engine}_bg.wasm
  loader=${engine}_loader.js
  parts=
  if [ "$TRUNK_PROFILE-$engine" = release-engine ]; then
    parts=$(split engine.js "$wasm" "$linked/engine.wasm" "engine_*.wasm")
  elif [ "$TRUNK_PROFILE" = release ]; then
    split "$engine.js" "$wasm"
  fi
  name=$engine-$(cat "$TRUNK_SOURCE_DIR/loader.js" "$engine.js" "$engine"_*.wasm | $sum | cut -c1-16)
  if [ -n "$parts" ]; then
    sed "/^ *\/\//d; s/ENGINE/$name/; s/\"PARTS\"/\"$(echo $parts)\"/" "$TRUNK_SOURCE_DIR/loader.js" > "$loader"
    for part in $parts; do mv "${engine}_$part.wasm" "${name}_$part.wasm"; done
    # Home's protocol is loaded beside the engine.
    home=$(sed -n 's/^protocol = "\(.*\)"/\1/p' "$TRUNK_SOURCE_DIR/../lessons/home.toml")
    edit index.html "s/name=\"home\" content=\"\"/name=\"home\" content=\"$home\"/"
  fi
  # The loader's way of naming the wasm is an old one that wasm-bindgen warns of in the console.
  sed "s/$engine\.js/${name}.js/; s/wasm_bindgen(\(.*\)${engine}_bg\.wasm\"/wasm_bindgen({module_or_path:\1${name}_bg.wasm\"}/" \
    "$loader" > "${name}_loader.js"
  mv "$engine.js" "$name.js"
  mv "$wasm" "${name}_bg.wasm"
  rm "$loader"
  edit index.html "s/$loader/${name}_loader.js/"
done
# The page of a release is cut too: its other parts are loaded when somebody first asks for them.
if [ "$TRUNK_PROFILE" = release ]; then
  page=$(ls faultline-*_bg.wasm)
  parts=
  for part in $(split "$(ls faultline-*.js)" "$page" "$linked/faultline.wasm" "*.wasm"); do
    name=$part-$($sum "$part.wasm" | cut -c1-16).wasm
    mv "$part.wasm" "$name"
    parts="$parts ./$name"
  done
  cut=faultline-$($sum "$page" | cut -c1-16)_bg.wasm
  mv "$page" "$cut"
  edit index.html "s/$page/$cut/; s|name=\"rest\" content=\"\"|name=\"rest\" content=\"${parts# }\"|"
fi
edit manifest.webmanifest "s/ICON/$(ls icon-*.svg)/"
files=$(find . -type f ! -name sw.js | LC_ALL=C sort)
version=$(echo "$files" | xargs cat | $sum | cut -c1-16)
list=$(printf '%s\n' ./ $files | sed 's/.*/"&"/' | paste -s -d , -)
edit sw.js "s/^const VERSION = .*/const VERSION = \"$version\";/; s|^const FILES = .*|const FILES = [$list];|"
