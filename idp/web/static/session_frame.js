// OpenID Connect Session Management 1.0 §3.2: an app's frame asks "client_id session_state", and is told whether it still holds.
"use strict";
const cookie = document.currentScript.dataset.cookie + "=";

function browserState() {
  const found = document.cookie.split("; ").find((entry) => entry.startsWith(cookie));
  return found ? found.slice(cookie.length) : "";
}

async function digest(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

addEventListener("message", async (event) => {
  const parts = typeof event.data === "string" ? event.data.split(" ") : [];
  const [given, salt, ...rest] = (parts[1] || "").split(".");
  let answer = "error";
  if (parts.length === 2 && parts[0] && given && salt && rest.length === 0) {
    const state = browserState();
    answer = state && (await digest([parts[0], event.origin, state, salt].join(" "))) === given ? "unchanged" : "changed";
  }
  event.source.postMessage(answer, event.origin);
});
