/* Keeps one page ready for the time when the server is away, and shows it where the browser would show an error page
   of its own. All else goes to the server, as if this were not here. Each scope has its own page: SCOPE/offline/. */
"use strict";

const scope = new URL(registration.scope).pathname;
const shell = `${scope}offline/`;
const mine = `shell ${scope} `;
const kept = `${mine}{{ build }} {{ codes|join:" " }}`;
// A proxy's words for a server that is not there.
const AWAY = [502, 503, 504];

addEventListener("install", (event) => {
  // What needs no worker does not wait for one to wake up.
  const others = { not: { or: [{ requestMode: "navigate" }, { urlPattern: "/static/*" }] } };
  if (event.addRoutes) event.waitUntil(event.addRoutes({ condition: others, source: "network" }).catch(() => {}));
  event.waitUntil(keep().then(() => skipWaiting()));
});

/* The page with all that it names: its styles, scripts, fonts and icon. */
async function keep() {
  const page = await fetch(shell, { cache: "reload" });
  if (!page.ok) throw new Error(`${shell}: ${page.status}`);
  const files = [...(await page.clone().text()).matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)].map((found) => found[1]);
  const cache = await caches.open(kept);
  await cache.addAll(new Set(files));
  await cache.put(shell, page);
}

addEventListener("activate", (event) => event.waitUntil(forgetOlder().then(() => clients.claim())));

async function forgetOlder() {
  const older = (await caches.keys()).filter((name) => name.startsWith(mine) && name !== kept);
  await Promise.all(older.map((name) => caches.delete(name)));
}

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate") event.respondWith(pageOrShell(request));
  else if (new URL(request.url).pathname.startsWith("/static/")) event.respondWith(fileOrKept(request));
});

async function pageOrShell(request) {
  try {
    const answer = await fetch(request);
    if (AWAY.includes(answer.status)) return (await ready()) || answer;
    return answer;
  } catch (error) {
    const page = await ready();
    if (page) return page;
    throw error;
  }
}

const ready = async () => (await caches.open(kept)).match(shell);

async function fileOrKept(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const file = await (await caches.open(kept)).match(request.url);
    if (file) return file;
    throw error;
  }
}
