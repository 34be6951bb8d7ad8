// Keeps the page in the browser: after the first visit it works without a network. All files of one build are one cache,
// so that builds never mix; a new one waits until the learner asks for it. The build writes the next two lines.
const VERSION = "none";
const FILES = [];

const PREFIX = "faultline ";
// The same host may serve other builds in other folders: a cache belongs to its folder.
const CACHE = `${PREFIX}${registration.scope} ${VERSION}`;

// Files with a hash in their name never change; the others are asked for again.
const fresh = (file) => new Request(file, { cache: /-[0-9a-f]{15,}[._]/.test(file) ? "default" : "no-cache" });

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES.map(fresh))));
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith(`${PREFIX}${registration.scope} `) && name !== CACHE;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))));
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(registration.scope)) return;
  const answer = async () => {
    const cache = await caches.open(CACHE);
    return (await cache.match(request, { ignoreSearch: true })) ?? fetch(request);
  };
  event.respondWith(answer());
});
