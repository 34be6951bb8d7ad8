#!/bin/sh
# Called by Trunk after a build. Trunk names a worker's files without a hash; this adds one, and writes the loader's
# new name where the page looks it up: <meta name="engine"> in index.html.
set -eu
cd "$TRUNK_STAGING_DIR"
if command -v sha256sum > /dev/null; then sum=sha256sum; else sum='shasum -a 256'; fi
name=engine-$(cat engine.js engine_bg.wasm | $sum | cut -c1-16)
# The loader's way of naming the wasm is an old one that wasm-bindgen warns of in the console.
sed "s/engine\.js/${name}.js/; s/wasm_bindgen(\(.*\)engine_bg\.wasm\"/wasm_bindgen({module_or_path:\1${name}_bg.wasm\"}/" \
  engine_loader.js > "${name}_loader.js"
mv engine.js "$name.js"
mv engine_bg.wasm "${name}_bg.wasm"
rm engine_loader.js
sed "s/engine_loader\.js/${name}_loader.js/" index.html > index.html.new
mv index.html.new index.html
