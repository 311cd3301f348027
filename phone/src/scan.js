// Reading the QR code of the set-up page with the camera, where the browser can.

import { h } from "./page.js";

export const canScan = () => "BarcodeDetector" in window && Boolean(navigator.mediaDevices?.getUserMedia);

/** The ticket in a link of a set-up page, or `null`. */
export function ticketOf(text) {
  const found = /#enrol=([A-Za-z0-9_-]{22})$/.exec(text.trim());
  return found && text.trim().startsWith(`${location.origin}/#`) ? found[1] : null;
}

/** Shows the camera in `place` until a set-up link is seen; calls `found` with its ticket. Returns how to stop. */
export async function scan(place, found) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  const video = h("video", { playsInline: true, muted: true, srcObject: stream });
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  let going = true;
  const stop = () => {
    going = false;
    stream.getTracks().forEach((track) => track.stop());
    video.remove();
  };
  place.replaceChildren(video);
  await video.play();
  const look = async () => {
    const seen = await detector.detect(video).catch(() => []);
    const ticket = seen.map((code) => ticketOf(code.rawValue)).find(Boolean);
    if (ticket && going) {
      stop();
      found(ticket);
    } else if (going) {
      setTimeout(look, 200);
    }
  };
  look();
  return stop;
}
