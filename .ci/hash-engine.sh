#!/bin/sh
# Called by Trunk after a build. Trunk names a worker's files without a hash; this adds one, and writes each loader's
# new name where the page looks it up: <meta name="engine"> and its like in index.html.
set -eu
cd "$TRUNK_STAGING_DIR"
if command -v sha256sum > /dev/null; then sum=sha256sum; else sum='shasum -a 256'; fi
for engine in engine registers groups; do
  name=$engine-$(cat "$engine.js" "${engine}_bg.wasm" | $sum | cut -c1-16)
  # The loader's way of naming the wasm is an old one that wasm-bindgen warns of in the console.
  sed "s/$engine\.js/${name}.js/; s/wasm_bindgen(\(.*\)${engine}_bg\.wasm\"/wasm_bindgen({module_or_path:\1${name}_bg.wasm\"}/" \
    "${engine}_loader.js" > "${name}_loader.js"
  mv "$engine.js" "$name.js"
  mv "${engine}_bg.wasm" "${name}_bg.wasm"
  rm "${engine}_loader.js"
  sed "s/${engine}_loader\.js/${name}_loader.js/" index.html > index.html.new
  mv index.html.new index.html
done
