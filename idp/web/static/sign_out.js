// Opens the apps' own pages in frames, shows how it stands with each app, and goes on once those that are told here have done it.
"use strict";
const list = document.getElementById("apps");
const next = document.getElementById("next");
const started = Date.now();

for (const line of list.querySelectorAll("li")) {
  const frames = [...line.querySelectorAll("iframe[data-src]")];
  let missing = frames.length;
  for (const frame of frames) {
    frame.addEventListener("load", () => {
      missing -= 1;
      if (missing === 0) {
        const body = new URLSearchParams({ app: line.dataset.app, csrf_token: list.dataset.token });
        fetch(list.dataset.loaded, { method: "POST", body }).catch(() => undefined);
      }
    });
    // Only now, so that no page has loaded before somebody listens.
    frame.src = frame.dataset.src;
  }
}

function show(answer) {
  document.getElementById("summary").textContent = answer.summary;
  for (const app of answer.apps) {
    const line = list.querySelector(`[data-app="${app.app}"]`);
    line.className = app.state;
    line.querySelector(".said").textContent = app.text;
  }
}

function goOn() {
  if (next instanceof HTMLFormElement) {
    next.submit();
  } else {
    location.replace(next.href);
  }
}

async function look() {
  const answer = await fetch(list.dataset.state, { cache: "no-store" }).then((response) => response.json()).catch(() => null);
  if (answer?.summary) {
    show(answer);
    if (answer.told_here && next && "byItself" in next.dataset) {
      goOn();
      return;
    }
  }
  if (!answer?.over) {
    setTimeout(look, Date.now() - started < 15000 ? 500 : 5000);
  }
}

setTimeout(look, 300);
