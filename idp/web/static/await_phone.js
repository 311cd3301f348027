// Sends the form once the phone has answered. Without scripts the person presses the button.
const form = document.getElementById("await-phone");
const { state } = form.querySelector("button").dataset;

async function look() {
  const answer = await fetch(state, { cache: "no-store" }).then((response) => response.json()).catch(() => ({ state: "waiting" }));
  if (answer.state === "waiting") {
    setTimeout(look, 2000);
  } else {
    form.requestSubmit();
  }
}

setTimeout(look, 2000);
