// The screens, each drawn from what it is given. They call each other through `go`, which main.js fills in.

import * as account from "./account.js";
import { MEMBERS } from "./message.js";
import { field, form, h, pinField, show } from "./page.js";
import { weakness } from "./pin.js";
import { ProtocolError } from "./protocol.js";
import { canScan, scan, ticketOf } from "./scan.js";
import { Refused } from "./server.js";
import { day, moment, say } from "./words.js";

export const go = { home: () => {}, enrol: () => {} };

const TIMES = new Set(["iat", "exp"]);
const FIRST = ["purpose", "client_name", "sub", "ip_text", "iat"];

/** What went wrong, in words that help. */
export function explain(error) {
  if (error instanceof Refused) {
    return error.reason === "wrong_pin" ? say("wrong_pin", error.left ?? 0) : say(KNOWN.has(error.reason) ? error.reason : "trouble");
  }
  if (error instanceof Weak) {
    return error.message;
  }
  return say(error instanceof ProtocolError ? "cheated" : "trouble");
}

const KNOWN = new Set(["offline", "wrong_number", "locked", "gone", "stale", "unknown", "invalid", "too_many"]);

class Weak extends Error {}

function checkNewPin(pin, again) {
  const weak = weakness(pin);
  if (weak) {
    throw new Weak(say(`weak_${weak}`));
  }
  if (pin !== again) {
    throw new Weak(say("pinDiffers"));
  }
}

const labels = (submit) => ({ submit, working: say("working"), explain });
const quiet = (text, click) => h("button", { type: "button", class: "quiet", click }, text);
const shown = (name, value) => (TIMES.has(name) ? moment(value) : name === "purpose" ? say(`purpose_${value}`) : value);

/** Every member of the message: what a person needs first, the rest in small print, and nothing left out. */
function wholeMessage(message) {
  const row = (name) => [h("dt", {}, say(name)), h("dd", { "data-member": name }, shown(name, message[name]))];
  return h("section", { class: "message" },
    h("dl", {}, FIRST.flatMap(row)),
    h("dl", { class: "small" }, MEMBERS.filter((name) => !FIRST.includes(name)).flatMap(row)),
    h("p", { class: "hint" }, say("whole")));
}

export function welcome(back) {
  const link = field(say("paste"), { type: "url", name: "link", class: "link" });
  const camera = h("div", { class: "camera" });
  const start = () => scan(camera, go.enrol).catch(() => camera.replaceChildren(h("p", { class: "wrong", role: "alert" }, say("trouble"))));
  show(
    h("section", { class: "hero" }, h("img", { src: "/mark.svg", width: 72, height: 72, alt: "" }), h("h1", {}, say("welcome")), h("p", {}, say("welcomeText"))),
    h("section", { class: "card" },
      h("ol", { class: "steps" }, ["step1", "step2", "step3"].map((step) => h("li", {}, say(step)))),
      camera,
      canScan() ? h("button", { type: "button", class: "main", click: start }, say("scan")) : null,
      form(labels(say("useLink")), [link], () => {
        const ticket = ticketOf(link.input.value);
        if (!ticket) {
          throw new Weak(say("badLink"));
        }
        go.enrol(ticket);
      }, back ? quiet(say("back"), go.home) : null)),
  );
}

export function choosePin(ticket) {
  const [pin, again] = [pinField(say("pin"), "pin"), pinField(say("pinAgain"), "again")];
  show(h("section", { class: "card" },
    h("h1", {}, say("choosePin")), h("p", {}, say("choosePinText")),
    form(labels(say("next")), [pin, again], async () => {
      checkNewPin(pin.input.value, again.input.value);
      const begun = await account.begin(ticket);
      confirmEnrolment(begun, pin.input.value);
    }, quiet(say("cancel"), go.home))));
  pin.input.focus();
}

const numberField = () => field(say("number"), { type: "text", inputMode: "numeric", maxLength: 2, name: "number", class: "digits" });

function confirmEnrolment(begun, pin) {
  const number = numberField();
  show(h("section", { class: "card" },
    h("h1", {}, say("confirm_enrol")), h("p", {}, say("enrolText")),
    wholeMessage(begun.transaction.message),
    form(labels(say("approveEnrol")), [number], async () => {
      await account.complete(begun, pin, number.input.value.trim());
      finished("done_enrol", say("install"));
    }, quiet(say("cancel"), go.home))));
}

export function confirm(transaction) {
  const { message } = transaction;
  const pin = pinField(say("pin"), "pin");
  const number = transaction.numbered ? numberField() : null;
  const decline = (reason, word, text) => async () => {
    try {
      await account.decline(transaction, reason);
      finished(word, text);
    } catch (error) {
      finished(null, explain(error));
    }
  };
  show(h("section", { class: "card" },
    h("h1", {}, say(`confirm_${message.purpose}`)),
    wholeMessage(message),
    form(labels(say("approve")), [number, pin].filter(Boolean), async () => {
      try {
        await account.sign(transaction, pin.input.value, number ? number.input.value.trim() : "");
        finished("done_login");
      } finally {
        pin.input.value = "";
      }
    },
    h("div", { class: "pair" },
      quiet(say("cancel"), decline("cancelled", "declined")),
      h("button", { type: "button", class: "danger", click: decline("not_me", "declinedNotMe", say("declinedNotMeText")) }, say("notMe"))),
    h("p", { class: "hint" }, say("notMeHint")))));
  (number ?? pin).input.focus();
}

/** What has been done, or with no `word` what has not. */
function finished(word, text) {
  show(h("section", { class: "card done", role: "status", "data-done": word ?? "failed" },
    h("div", { class: word?.startsWith("done") ? "tick" : "stop", "aria-hidden": "true" }),
    word ? h("h1", {}, say(word)) : null, text ? h("p", {}, text) : null,
    h("button", { type: "button", class: "main", click: go.home }, say("good"))));
}

/** The accounts, and that nothing is to be signed. `trouble` is what stands in the way, `elsewhere` where an app waits, if any. */
export function idle(records, trouble, elsewhere) {
  show(
    elsewhere ? h("section", { class: "card", role: "status", "data-elsewhere": "" },
      h("h2", {}, say("elsewhere")), h("p", {}, say("elsewhereText")),
      h("p", {}, h("a", { href: elsewhere, rel: "noreferrer" }, say("elsewhereLook")))) : [],
    h("section", { class: "hero calm" },
      h("div", { class: trouble ? "stop" : "shield", "aria-hidden": "true" }), h("h1", {}, trouble ?? say("idle")), trouble ? null : h("p", {}, say("idleText"))),
    records.map((record) => h("section", { class: "card account" },
      h("div", {}, h("strong", {}, record.organisation), h("span", { class: "hint" }, record.account)),
      quiet(say("settings"), () => settings(record)))),
    h("p", { class: "center" }, quiet(say("add"), () => welcome(true))),
  );
}

function settings(record) {
  show(h("section", { class: "card" },
    h("h1", {}, record.organisation),
    h("p", {}, record.account, h("span", { class: "hint" }, say("since", day(record.since)))),
    h("button", { type: "button", class: "main", click: () => changePin(record) }, say("changePin")),
    h("button", { type: "button", class: "danger", click: () => stopUsing(record) }, say("remove")),
    quiet(say("back"), go.home)));
}

function changePin(record) {
  const [old, pin, again] = [pinField(say("oldPin"), "old"), pinField(say("newPin"), "pin"), pinField(say("pinAgain"), "again")];
  show(h("section", { class: "card" },
    h("h1", {}, say("changePin")), h("p", {}, say("choosePinText")),
    form(labels(say("changePin")), [old, pin, again], async () => {
      checkNewPin(pin.input.value, again.input.value);
      await account.changePin(record.kid, old.input.value, pin.input.value);
      finished("done_pin_change");
    }, quiet(say("back"), () => settings(record)))));
}

function stopUsing(record) {
  show(h("section", { class: "card" },
    h("h1", {}, say("remove")), h("p", {}, say("removeText")),
    form(labels(say("removeSure")), [], async () => {
      await account.remove(record.kid);
      go.home();
    }, quiet(say("back"), () => settings(record)))));
}
