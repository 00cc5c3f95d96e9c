// What changes on a page comes as it happens, and is put where it belongs. Without this, the
// page is as it was when it was loaded.
"use strict";

const news = document.body.dataset.news;
let source;

const put = (id, html) => {
  const element = document.getElementById(id);
  if (!element || element.innerHTML === html) return;
  // What the reader has opened or closed stays so, and so does what has the focus.
  const folded = new Map();
  for (const details of element.querySelectorAll("details[data-key]")) {
    folded.set(details.dataset.key, details.open);
  }
  const focused = document.activeElement;
  const inside = element.contains(focused);
  const key = inside && focused.closest("[data-key]")?.dataset.key;
  element.innerHTML = html;
  for (const details of element.querySelectorAll("details[data-key]")) {
    if (folded.has(details.dataset.key)) details.open = folded.get(details.dataset.key);
  }
  if (key) element.querySelector(`[data-key="${CSS.escape(key)}"] > summary`)?.focus({ preventScroll: true });
};

const say = () => {
  const states = [...document.querySelectorAll("#rail li")].map((li) => li.textContent.trim());
  const now = document.querySelector("#rail .now")?.textContent ?? "";
  const text = document.querySelector("#rail .busy") ? now : `${now}. ${states.join(", ")}`;
  const said = document.getElementById("said");
  if (said.textContent !== text) said.textContent = text;
};

const listen = () => {
  source?.close();
  source = new EventSource(news);
  source.onmessage = (event) => {
    for (const [id, html] of Object.entries(JSON.parse(event.data))) put(id, html);
    document.body.dataset.live = "yes";
    if (document.getElementById("rail")) say();
  };
  source.onerror = () => { document.body.dataset.live = "no"; };
};

if (news) {
  listen();
  // A browser has few connections for one server: a page that nobody sees needs none.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) source.close();
    else listen();
  });
  addEventListener("pagehide", () => source.close());
}

// "Check again" needs no new page.
document.addEventListener("submit", (event) => {
  if (!event.target.action.endsWith("/check")) return;
  event.preventDefault();
  fetch(event.target.action, { method: "POST", redirect: "manual" });
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
  else if (event.key === "h") location.href = "/";
});
