// Service worker: keeps every file of the page on the device, and adds the headers that WebAssembly
// needs for threads.

const VERSION = "$VERSION"; // of the files, set by `blazetrack export web`
const CACHE = `blazetrack-${VERSION}`;
const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

// A new version waits until the page is closed, so that no visit has files of both.
self.addEventListener("install", () => {
  if (!self.registration.active) self.skipWaiting();
});

self.addEventListener("activate", (event) => event.waitUntil(begin()));

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(self.registration.scope)) event.respondWith(answer(event));
});

async function begin() {
  for (const name of await caches.keys()) {
    if (name.startsWith("blazetrack-") && name !== CACHE) await caches.delete(name);
  }
  await self.clients.claim();
}

async function answer(event) {
  const { request } = event, kept = await find(request);
  if (kept) return isolated(kept);
  // Asks the server again what the browser has kept of an older version.
  const response = await fetch(request, { cache: "no-cache" });
  if (response.status === 200) event.waitUntil(keep(request, response.clone()));
  return isolated(response);
}

async function find(request) {
  try {
    return await caches.match(request, { cacheName: CACHE, ignoreSearch: true });
  } catch {
    return undefined; // storage is blocked
  }
}

async function keep(request, response) {
  try {
    await (await caches.open(CACHE)).put(request, response);
  } catch {
    for (const page of await self.clients.matchAll()) page.postMessage({ type: "not kept" });
  }
}

function isolated(response) {
  if (response.type === "opaque" || response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
