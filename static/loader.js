// Starts an engine in its worker; the build puts the engine's name in the place of ENGINE. Its second part comes after the
// first. What needs it before that waits for it: a worker may.
const REST = "./ENGINE_rest.wasm";
let rest;
self.loadRest = (page) => {
  if (!rest) {
    const ask = new XMLHttpRequest();
    ask.open("GET", REST, false);
    ask.responseType = "arraybuffer";
    ask.send();
    if (ask.status !== 200) throw new Error(`${REST}: ${ask.status} ${ask.statusText}`);
    rest = ask.response;
  }
  new WebAssembly.Instance(new WebAssembly.Module(rest), { page });
};
importScripts("./ENGINE.js");
wasm_bindgen({ module_or_path: "./ENGINE_bg.wasm" }).then(() => {
  fetch(REST).then((answer) => answer.ok && answer.arrayBuffer()).then((bytes) => { rest ||= bytes; }, () => {});
});
