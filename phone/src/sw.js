// Keeps the app as it was installed: every file comes from here, and another version only by another service worker, whole.

const FILES = ["/", "/phone.js", "/phone.css", "/mark.svg", "/manifest.webmanifest", "/icon-192.png", "/icon-512.png"];
const CACHE = `yima-phone-${VERSION}`; // VERSION: the digest of the files, written in by build.mjs

addEventListener("install", (event) => {
  const fresh = FILES.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)));
});

addEventListener("activate", (event) => {
  const old = async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  };
  event.waitUntil(old());
});

addEventListener("fetch", (event) => {
  if (event.request.method === "GET" && new URL(event.request.url).origin === location.origin) {
    event.respondWith(caches.match(event.request, { ignoreSearch: true }).then((kept) => kept ?? fetch(event.request)));
  }
});
