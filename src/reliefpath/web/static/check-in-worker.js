// Opens a check-in that was begun where there is no connection. The server says which page may be kept; it goes once it is sent.
const NAME = "check-in";

addEventListener("install", () => skipWaiting());
addEventListener("activate", event => event.waitUntil(clients.claim()));
addEventListener("fetch", event => {
  if (event.request.method === "GET") event.respondWith(answer(event));
});

async function answer(event) {
  const {pathname} = new URL(event.request.url);
  const isStatic = pathname.startsWith("/static/");
  try {
    const told = await fetch(event.request);
    await told.clone().arrayBuffer(); // a connection that is lost half-way is none
    if (told.ok && (told.headers.has("Keep-Offline") || isStatic)) {
      const copy = told.clone();
      event.waitUntil(caches.open(NAME).then(cache => cache.put(pathname, copy)));
    }
    return told;
  } catch (lost) {
    if (!isStatic && event.request.mode !== "navigate") throw lost; // who asks whether the link still works, asks the clinic
    return await caches.match(pathname, {cacheName: NAME}) ?? Response.error();
  }
}
