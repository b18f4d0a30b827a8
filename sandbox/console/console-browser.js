// Runs in the browser: sends what a button asks for, and brings the page in line with the world when that has changed.
const world = document.getElementById("world");
const message = document.getElementById("message");
const refreshMs = 1000;
let shown = "";

/** Changes only what differs, so that focus, open details and a half-done click stay where they are. */
function align(present, wanted) {
  if (present.nodeType !== wanted.nodeType || present.nodeName !== wanted.nodeName || present.id !== wanted.id) {
    present.replaceWith(wanted.cloneNode(true));
    return;
  }
  if (present.nodeType === Node.TEXT_NODE) {
    if (present.data !== wanted.data) present.data = wanted.data;
    return;
  }
  for (const { name, value } of wanted.attributes) if (present.getAttribute(name) !== value) present.setAttribute(name, value);
  alignChildren(present, wanted);
}

function alignChildren(present, wanted) {
  const [old, fresh] = [[...present.childNodes], [...wanted.childNodes]];
  for (const [index, node] of fresh.entries()) {
    if (index < old.length) align(old[index], node);
    else present.append(node.cloneNode(true));
  }
  for (const node of old.slice(fresh.length)) node.remove();
}

function exchange(html) {
  if (html === shown) return;
  shown = html;
  const template = document.createElement("template");
  template.innerHTML = html;
  alignChildren(world, template.content);
}

function say(text, failed = false) {
  message.textContent = text;
  message.classList.toggle("failed", failed);
}

async function refresh() {
  const response = await fetch("/world");
  if (!response.ok) throw new Error(`The sandbox answered ${response.status}.`);
  exchange(await response.text());
  if (document.body.classList.contains("lost")) say("The sandbox answers again.");
  document.body.classList.remove("lost");
}

async function keepFresh() {
  try {
    if (!document.hidden) await refresh();
  } catch {
    document.body.classList.add("lost");
    say("The sandbox does not answer. What you see may be old.", true);
  }
  setTimeout(keepFresh, refreshMs);
}

async function press(button) {
  const response = await fetch(button.dataset.path, { method: "POST", headers: { "content-type": "application/json" }, body: button.dataset.body });
  const answer = await response.json();
  say(answer.error?.message ?? answer.message, !response.ok);
}

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("button[data-path]") : null;
  if (button === null || button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await press(button);
    await refresh();
  } catch {
    say("The sandbox does not answer; nothing may have been changed.", true);
  } finally {
    button.removeAttribute("aria-busy");
  }
});

keepFresh();
