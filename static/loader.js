// Starts an engine in its worker; the build puts the engine's name in the place of ENGINE, and the names of its other parts
// in that of PARTS. One that is needed is waited for: a worker may.
const PARTS = "PARTS".split(" ");
const file = (part) => `./ENGINE_${part}.wasm`;
const ahead = {};
const here = new Set();
self.loadPart = (number, page) => {
  if (here.has(number)) return;
  const name = PARTS[number];
  if (!ahead[name]) {
    const ask = new XMLHttpRequest();
    ask.open("GET", file(name), false);
    ask.responseType = "arraybuffer";
    ask.send();
    if (ask.status !== 200) throw new Error(`${file(name)}: ${ask.status} ${ask.statusText}`);
    ahead[name] = ask.response;
  }
  new WebAssembly.Instance(new WebAssembly.Module(ahead[name]), { page });
  here.add(number);
};
importScripts("./ENGINE.js");
wasm_bindgen({ module_or_path: file("bg") }).then(() => {
  // What is not needed at once, but by all.
  fetch(file("later")).then((answer) => answer.ok && answer.arrayBuffer()).then((bytes) => { ahead.later ||= bytes; }, () => {});
});
