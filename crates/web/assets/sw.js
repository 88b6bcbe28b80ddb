// Keeps the files of this version, and shows a page of its own where nothing can be reached. Pages
// themselves are not kept: they are whoever's is signed in.

const CACHE = "tintype-__VERSION__";
const OFFLINE = "/offline";
// What is kept is the same for everybody, however it is asked for.
const HOWEVER = { ignoreVary: true };
const FILES = "__FILES__";

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll([...FILES, new Request(OFFLINE, { credentials: "omit", headers: { Accept: "text/html" } })]);
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(async () => (await caches.match(OFFLINE, HOWEVER)) ?? Response.error()));
  } else if (url.pathname.startsWith("/assets/")) {
    event.respondWith(caches.match(request, HOWEVER).then((kept) => kept ?? fetch(request)));
  }
});
