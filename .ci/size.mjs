// Prints what a visitor downloads, compressed as a static host would, with the largest parts of each wasm; fails over
// the bounds. `make dist` first.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

// kB (1000 bytes) of wasm and JavaScript together, gzipped. The page and the engine have what home begins with, the engine
// with the protocol of the run; other parts come when they are first needed (src/bin/split), once, and are kept.
const BOUNDS = { page: 220, rest: 400, board: 170, engine: 150, "later part of the engine": 100, "export part of the engine": 160, designer: 400 };
const WITH_PROTOCOL = 250;

if (!existsSync("dist/index.html")) {
  console.error("The page is not built: run `make dist` first.");
  process.exit(1);
}

const gzip = (bytes) => gzipSync(bytes, { level: 9 }).length;
const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
const kB = (bytes) => (bytes / 1000).toFixed(1).padStart(8);
const row = (name, raw, zipped, tight) => console.log(`${name.padEnd(44)}${kB(raw)}${kB(zipped)}${kB(tight)}`);

// The sections of a wasm file: [name, bytes].
function sections(wasm) {
  const NAMES = ["custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element",
    "code", "data", "data count", "tag"];
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
  const found = [];
  while (at < wasm.length) {
    const id = wasm[at++];
    const size = number();
    found.push([NAMES[id] ?? `section ${id}`, wasm.subarray(at, at + size)]);
    at += size;
  }
  return found;
}

const files = readdirSync("dist");
const index = readFileSync("dist/index.html", "utf8");
// The files of one of the engines, or one of its parts.
const engine = (name, part = "") => {
  const loader = index.match(new RegExp(`${name}-[0-9a-f]+_loader\\.js`))?.[0];
  const own = (file) => loader && file.startsWith(loader.replace("_loader.js", ""));
  const ends = part ? [`_${part}.wasm`] : [".js", "_bg.wasm"];
  return files.filter((file) => own(file) && ends.some((end) => file.endsWith(end)));
};
const PROTOCOLS = files.map((file) => file.match(/^engine-[0-9a-f]+_(.*)\.wasm$/)?.[1])
  .filter((part) => part && !["bg", "later", "export"].includes(part));
for (const protocol of PROTOCOLS) BOUNDS[`engine with ${protocol}`] = WITH_PROTOCOL;
const parts = {
  page: files.filter((name) => /^(faultline|boot)-.*\.(js|wasm)$/.test(name)),
  rest: files.filter((name) => /^rest-.*\.wasm$/.test(name)),
  board: files.filter((name) => /^board-.*\.wasm$/.test(name)),
  engine: engine("engine"),
  "later part of the engine": engine("engine", "later"),
  "export part of the engine": engine("engine", "export"),
  ...Object.fromEntries(
    PROTOCOLS.map((protocol) => [`engine with ${protocol}`, [...engine("engine"), ...engine("engine", protocol)]]),
  ),
  explorer: engine("explorer"),
  designer: engine("designer"),
  "first paint": files.filter((name) => /\.(html|css|svg)$/.test(name)),
};

console.log(`${"kB".padEnd(44)}${["raw", "gzip", "brotli"].map((head) => head.padStart(8)).join("")}`);
let over = false;
for (const [part, names] of Object.entries(parts)) {
  let total = [0, 0, 0];
  for (const name of names) {
    const bytes = readFileSync(`dist/${name}`);
    const sizes = [bytes.length, gzip(bytes), brotli(bytes)];
    total = total.map((sum, index) => sum + sizes[index]);
    row(`  ${name}`, ...sizes);
    if (name.endsWith(".wasm")) {
      const largest = sections(bytes).sort((a, b) => b[1].length - a[1].length).slice(0, 3);
      for (const [section, content] of largest) row(`    ${section}`, content.length, gzip(content), brotli(content));
    }
  }
  row(part, ...total);
  const bound = BOUNDS[part];
  if (bound && (names.length === 0 || total[1] > bound * 1000)) {
    console.error(`The ${part}'s wasm and JavaScript are over their bound of ${bound} kB gzipped, or not there.`);
    over = true;
  } else if (bound) {
    console.log(`  within its bound of ${bound} kB gzipped`);
  }
}
process.exit(over ? 1 : 0);
