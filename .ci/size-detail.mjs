// The largest parts of a wasm file with function names: `node .ci/size-detail.mjs FILE [COUNT]`. `make size-detail`
// builds such files. Bytes of code, before compression, by crate (and module, for our own) and by function; the copies
// of a generic function count as one.
import { readFileSync } from "node:fs";

const [file, count = "25"] = process.argv.slice(2);
const wasm = readFileSync(file);
let at = 8;
const number = () => {
  let value = 0, shift = 0, byte;
  do {
    byte = wasm[at++];
    value += (byte & 127) * 2 ** shift;
    shift += 7;
  } while (byte & 128);
  return value;
};
const text = () => {
  const length = number();
  at += length;
  return wasm.toString("utf8", at - length, at);
};

let imports = 0;
const sizes = [];
const names = new Map();
while (at < wasm.length) {
  const id = wasm[at++];
  const size = number();
  const end = at + size;
  if (id === 2) {
    for (let left = number(); left > 0; left--) {
      text();
      text();
      const kind = wasm[at++];
      if (kind === 0) {
        imports++;
        number();
      } else {
        at += kind === 3 ? 2 : 1;
        if (kind !== 3) {
          const limits = wasm[kind === 1 ? at++ : at - 1];
          number();
          if (limits & 1) number();
        }
      }
    }
  } else if (id === 10) {
    for (let left = number(); left > 0; left--) {
      const length = number();
      sizes.push(length);
      at += length;
    }
  } else if (id === 0 && text() === "name") {
    while (at < end) {
      const kind = wasm[at++];
      const length = number();
      const stop = at + length;
      if (kind === 1) for (let left = number(); left > 0; left--) names.set(number(), text());
      at = stop;
    }
  }
  at = end;
}
if (names.size === 0) {
  console.error(`${file} has no function names: use 'make size-detail'.`);
  process.exit(1);
}

const groups = new Map();
const functions = new Map();
const add = (map, key, size) => {
  const entry = map.get(key) ?? { size: 0, copies: 0 };
  map.set(key, { size: entry.size + size, copies: entry.copies + 1 });
};
sizes.forEach((size, index) => {
  const name = (names.get(index + imports) ?? "?").replace(/::h[0-9a-f]{16}$/, "").replace(/\[[0-9a-f]+\]/g, "");
  const path = (name.match(/faultline::\w+(::\w+)?/) ?? name.match(/[a-z_]\w*(?=::)/) ?? [name])[0];
  add(groups, path, size);
  add(functions, name, size);
});
const total = sizes.reduce((sum, size) => sum + size, 0);
console.log(`${file}: ${(total / 1000).toFixed(1)} kB of code in ${sizes.length} functions`);
for (const [title, map] of [["by crate or module", groups], ["by function", functions]]) {
  console.log(`\n${title}`);
  const largest = [...map].sort((a, b) => b[1].size - a[1].size).slice(0, Number(count));
  for (const [name, { size, copies }] of largest) {
    const share = ((100 * size) / total).toFixed(1).padStart(5);
    console.log(`${(size / 1000).toFixed(1).padStart(9)} kB ${share} % ${String(copies).padStart(5)} ×  ${name.slice(0, 120)}`);
  }
}
