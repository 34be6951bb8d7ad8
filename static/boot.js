// Starts the page. All that the page needs is fetched side by side; a failed load says what happened.
const href = (id) => document.getElementById(id).href;
const loader = new URL(document.querySelector("meta[name=engine]").content, document.baseURI).href;

// Pages but the first are drawn by the rest of the page's code, designs by more of it.
const rest = document.querySelector("meta[name=rest]").content.split(" ").filter((part) => part);
const needed = location.hash.length <= 2 ? 0 : location.hash.startsWith("#/design") ? rest.length : 1;
for (const part of rest.slice(0, needed)) fetch(part).catch(() => {});

// The worker will ask for these when the page starts it: bring them into the cache meanwhile.
// What went wrong there is written down where the page looks when the engine does not answer.
const home = document.querySelector("meta[name=home]").content;
for (const end of [".js", "_bg.wasm"].concat(home ? `_${home}.wasm` : [])) {
  fetch(loader.replace("_loader.js", end)).then((answer) => {
    if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${answer.statusText}`);
    return answer.arrayBuffer();
  }).catch((error) => { document.documentElement.dataset.engineError = error.message; });
}

try {
  const page = await import(href("page-js"));
  await page.default({ module_or_path: href("page-wasm") });
} catch (error) {
  console.error(error);
  const status = document.getElementById("boot-status");
  if (status) {
    status.textContent = `Faultline could not start: ${error?.message ?? error}. Your progress is kept. `;
    const again = document.createElement("button");
    again.textContent = "Reload";
    again.addEventListener("click", () => location.reload());
    status.append(again);
    status.setAttribute("role", "alert");
  }
}

// The page is kept for when there is no network; a new build is offered, and taken when the learner says so.
const offer = (waiting) => {
  const bar = document.createElement("div");
  bar.className = "notice update";
  bar.setAttribute("role", "status");
  bar.textContent = "A new version of Faultline is here. Your progress stays. ";
  const take = document.createElement("button");
  take.textContent = "Reload";
  take.addEventListener("click", () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
    waiting.postMessage("take over");
  });
  bar.append(take);
  document.body.append(bar);
};

// Where there are no service workers (no secure address, private windows of some browsers) the page needs its network.
navigator.serviceWorker?.register("./sw.js").then((registration) => {
  if (registration.waiting && registration.active) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const coming = registration.installing;
    coming.addEventListener("statechange", () => {
      if (coming.state === "installed" && registration.active) offer(coming);
    });
  });
}).catch(() => {});
