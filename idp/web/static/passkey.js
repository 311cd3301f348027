// Web Authentication: hands the page's options to the browser, and the form its answer. Without scripts there are no passkeys.
"use strict";

const field = document.querySelector("input[data-ceremony]");
const form = field.form;
const button = form.querySelector("button[type=button]");
const options = JSON.parse(field.dataset.options);

// WebAuthn §5.1: the JSON forms. Browsers of before 2025 cannot convert them, so we do.
function bytes(text) {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function text(buffer) {
  const characters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte));
  return btoa(characters.join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function withBytes(list) {
  return (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
}

function publicKey() {
  const converted = { ...options, challenge: bytes(options.challenge) };
  if (options.user) {
    converted.user = { ...options.user, id: bytes(options.user.id) };
    converted.excludeCredentials = withBytes(options.excludeCredentials);
  } else {
    converted.allowCredentials = withBytes(options.allowCredentials);
  }
  return converted;
}

function answerOf(credential) {
  const { response } = credential;
  const members = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) {
    members.attestationObject = text(response.attestationObject);
    members.transports = response.getTransports ? response.getTransports() : [];
  } else {
    members.authenticatorData = text(response.authenticatorData);
    members.signature = text(response.signature);
    if (response.userHandle) members.userHandle = text(response.userHandle);
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response: members });
}

function say(what) {
  for (const message of form.querySelectorAll("[data-says]")) message.hidden = message.dataset.says !== what;
}

function send(credential) {
  field.value = answerOf(credential);
  button.disabled = true;
  form.submit();
}

let offering = null; // the browser's list of passkeys under the account field, until the button is pressed

async function pressed() {
  say("");
  if (offering) offering.abort();
  button.disabled = true;
  try {
    const creating = field.dataset.ceremony === "create";
    send(await navigator.credentials[creating ? "create" : "get"]({ publicKey: publicKey() }));
  } catch (error) {
    button.disabled = false;
    const reasons = { NotAllowedError: "stopped", AbortError: "stopped", InvalidStateError: "known" };
    say(reasons[error.name] || "failed");
  }
}

async function offer() {
  const able = PublicKeyCredential.isConditionalMediationAvailable;
  if (!able || !(await able.call(PublicKeyCredential))) return;
  offering = new AbortController();
  try {
    send(await navigator.credentials.get({ publicKey: publicKey(), mediation: "conditional", signal: offering.signal }));
  } catch {
    // Nobody chose one. The button and the password are there.
  }
}

if (window.PublicKeyCredential) {
  say("");
  button.hidden = false;
  button.addEventListener("click", pressed);
  if (field.dataset.autofill) offer();
}
