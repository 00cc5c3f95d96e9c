// What changes on a page comes as it happens, and is put where it belongs. Without this, the
// page is as it was when it was loaded.
"use strict";

const news = document.body.dataset.news;
const frame = document.getElementById("frame");
let source;

// What a control is for: one that has come in its place is known by it.
const CONTROLS = "a[href], button, input, summary";
const purpose = (control) => [
  control.closest("[data-key]")?.dataset.key,
  control.tagName,
  control.getAttribute("href") ?? control.form?.getAttribute("action"),
  control.name,
].join(" ");

// Whether each part that can be folded came open, and what the reader has made of it since.
const came = new Map();
const chosen = new Map();
const foldable = (element) => element.querySelectorAll("details[data-key]");
for (const details of foldable(document)) came.set(details.dataset.key, details.open);

const put = (id, html) => {
  const element = document.getElementById(id);
  if (!element || element.innerHTML === html) return;
  // What the reader has opened or closed stays so, and so does what has the focus. What nobody has
  // touched is as it comes: the first check that fails is open, and so is the latest exchange.
  const gone = new Set();
  for (const { dataset: { key }, open } of foldable(element)) {
    if (open !== (chosen.get(key) ?? came.get(key))) chosen.set(key, open);
    gone.add(key);
  }
  const focused = element.contains(document.activeElement) && document.activeElement;
  const wanted = focused && purpose(focused);
  element.innerHTML = html;
  for (const details of foldable(element)) {
    const key = details.dataset.key;
    came.set(key, details.open);
    details.open = chosen.get(key) ?? details.open;
    gone.delete(key);
  }
  for (const key of gone) {
    came.delete(key);
    chosen.delete(key);
  }
  if (!focused) return;
  // If it is gone, the reader goes on from what is there now: from "Stop", who has pressed "Start".
  const controls = [...element.querySelectorAll(CONTROLS)].filter((control) => control.checkVisibility());
  const same = controls.find((control) => purpose(control) === wanted);
  if (same && focused.type === "text") same.value = focused.value;
  (same ?? controls[0])?.focus({ preventScroll: true });
};

// For those who hear the page: what it does now.
const say = () => {
  const states = [...document.querySelectorAll("#rail li")].map((li) => li.textContent.trim());
  const now = document.querySelector("#rail .now")?.textContent ?? "";
  const text = frame ? document.querySelector("#run-is p")?.textContent ?? ""
    : document.querySelector("#rail .busy") ? now : `${now}. ${states.join(", ")}`;
  const said = document.getElementById("said");
  if (said.textContent !== text) said.textContent = text;
};

// The page of a program that was started anew is loaded anew.
const show = () => {
  const { run = "", url = "" } = document.querySelector("#run-is > div")?.dataset ?? {};
  if (frame.dataset.run === run + url) return;
  frame.dataset.run = run + url;
  frame.src = url ? new URL(document.getElementById("path").value, url) : "about:blank";
};

const listen = () => {
  source?.close();
  source = new EventSource(news);
  source.onmessage = (event) => {
    for (const [id, html] of Object.entries(JSON.parse(event.data))) put(id, html);
    document.body.dataset.live = "yes";
    if (frame || document.getElementById("rail")) say();
    if (frame) show();
  };
  source.onerror = () => { document.body.dataset.live = "no"; };
};

if (news) {
  listen();
  // A browser has few connections for one server: a page that nobody sees needs none.
  document.addEventListener("visibilitychange", () => {
    // (A program ends when no page shows it: its page stays connected.)
    if (frame) return;
    if (document.hidden) source.close();
    else listen();
  });
  addEventListener("pagehide", () => source.close());
}

// When the keys go to the page in the frame, a style cannot tell: it is another origin's.
for (const moved of ["blur", "focus"]) {
  addEventListener(moved, () => frame?.classList.toggle("focused", document.activeElement === frame));
}

// What is posted changes the page by its news: no new page is needed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  event.preventDefault();
  if (form.id === "address") {
    const url = document.querySelector("#run-is > div")?.dataset.url;
    if (url) frame.src = new URL(form.path.value, url);
    return;
  }
  fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
});

document.addEventListener("click", (event) => {
  const raw = event.target.closest("[data-raw]")?.dataset.raw;
  if (raw === undefined) return;
  event.preventDefault();
  const bytes = document.getElementById("bytes");
  bytes.value = raw;
  bytes.closest("details").open = true;
  bytes.focus();
});

// j and k go from step to step, f to the first check that fails, h home, n to the next lesson.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const steps = [...document.querySelectorAll("section.step")].filter((step) => step.offsetHeight > 0);
  const top = (element) => element.getBoundingClientRect().top;
  const go = (element) => element?.scrollIntoView({ block: "start" });
  if (event.key === "j") go(steps.find((step) => top(step) > 60));
  else if (event.key === "k") go(steps.findLast((step) => top(step) < -4));
  else if (event.key === "f") go(document.querySelector(".is.failing"));
  else if (event.key === "n") document.querySelector("a[rel=next]")?.click();
  else if (event.key === "h") location.href = document.body.dataset.home;
});
