// Building what is seen. Texts become text nodes, never markup.

/** An element: `properties` are its own, `class` and `aria-…` and `data-…` its attributes, functions its listeners. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") {
      element.addEventListener(name, value);
    } else if (name === "class" || name === "role" || name.includes("-")) {
      element.setAttribute(name, value);
    } else {
      element[name] = value;
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Shows `content`, and only that. */
export function show(...content) {
  document.querySelector("main").replaceChildren(...content.flat());
  window.scrollTo(0, 0);
}

let serial = 0;

/** A labelled input; what is typed is read from the returned `input`. */
export function field(label, properties) {
  serial += 1;
  const input = h("input", { id: `field-${serial}`, autocomplete: "off", required: true, ...properties });
  return { input, node: h("div", { class: "field" }, h("label", { htmlFor: input.id }, label), input) };
}

export const pinField = (label, name) =>
  field(label, { type: "password", inputMode: "numeric", maxLength: 12, name, class: "digits" });

/** A form that runs `work` when it is sent, one at a time, and says what went wrong in words. */
export function form({ submit, working, explain }, fields, work, ...more) {
  const message = h("p", { class: "wrong", role: "alert", hidden: true });
  const button = h("button", { type: "submit", class: "main" }, submit);
  const node = h("form", { noValidate: true, autocomplete: "off" }, fields.map((one) => one.node), message, button, ...more);
  const tell = (text) => {
    message.textContent = text;
    message.hidden = !text;
  };
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) {
      return;
    }
    tell("");
    button.disabled = true;
    button.textContent = working;
    try {
      await work();
    } catch (error) {
      tell(explain(error));
    } finally {
      button.disabled = false;
      button.textContent = submit;
    }
  });
  return node;
}
