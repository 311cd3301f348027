// The app: shows what waits, and asks again every few seconds while somebody looks.

import { getReady, waiting } from "./account.js";
import { ProtocolError } from "./protocol.js";
import { ticketOf } from "./scan.js";
import { choosePin, confirm, explain, go, idle, welcome } from "./screens.js";
import { Refused } from "./server.js";
import { accounts } from "./store.js";
import { language, say } from "./words.js";

const EVERY = 2500;
const READING = 100;
let visit = 0;

/** The first screen. Each call ends the asking that an earlier one began. */
async function home() {
  visit += 1;
  const mine = visit;
  const records = await accounts();
  if (records.length === 0) {
    welcome(false);
    return;
  }
  let said;
  while (mine === visit) {
    if (!document.hidden) {
      const { found, trouble, elsewhere } = await lookFor(records);
      if (mine !== visit) {
        return;
      }
      if (found) {
        visit += 1;
        confirm(found);
        setTimeout(getReady, READING); // the screen first: a slow phone is busy with it for a moment
        return;
      }
      if (said !== `${trouble ?? ""} ${elsewhere}`) {
        said = `${trouble ?? ""} ${elsewhere}`;
        idle(records, trouble, elsewhere);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}

async function lookFor(records) {
  let trouble;
  let elsewhere = "";
  for (const { kid } of records) {
    try {
      const told = await waiting(kid);
      if (told.transactions.length > 0) {
        return { found: told.transactions[0] };
      }
      elsewhere ||= told.elsewhere;
    } catch (error) {
      if (!(error instanceof Refused) && !(error instanceof ProtocolError)) {
        throw error;
      }
      trouble = explain(error);
    }
  }
  return { trouble, elsewhere };
}

function enrol(ticket) {
  visit += 1;
  choosePin(ticket);
}

/** What the address asks for: a set-up, after the link or the camera of the phone, or nothing. */
function arrive() {
  const ticket = ticketOf(location.href);
  if (ticket) {
    history.replaceState(null, "", "/"); // the ticket stays in no history
    enrol(ticket);
  } else {
    home();
  }
}

Object.assign(go, { home, enrol });
document.documentElement.lang = language;
document.title = say("app");
document.querySelector("header strong").textContent = say("app");
addEventListener("hashchange", arrive);
if ("serviceWorker" in navigator) {
  // Trusted types: this one address, and no other, may become a script.
  const policy = window.trustedTypes?.createPolicy("yima", { createScriptURL: () => "/sw.js" });
  navigator.serviceWorker.register(policy ? policy.createScriptURL("") : "/sw.js").catch(() => {});
}
arrive();
