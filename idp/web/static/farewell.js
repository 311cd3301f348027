// Marks each app whose page has loaded, and goes on when all have, or after five seconds.
"use strict";
const next = document.getElementById("next");
const frames = [...document.querySelectorAll("iframe")];
let waiting = frames.length;
let gone = false;

function goOn() {
  if (!gone) {
    gone = true;
    location.replace(next.href);
  }
}

for (const frame of frames) {
  frame.addEventListener("load", () => {
    frame.closest("li").classList.add("done");
    waiting -= 1;
    if (waiting === 0) {
      goOn();
    }
  });
  // Only now, so that no page has loaded before somebody listens.
  frame.src = frame.dataset.src;
}
setTimeout(goOn, 5000);
