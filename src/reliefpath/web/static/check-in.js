// The check-in on a phone: one step at a time, kept on the phone until the clinic has it, sent again until it is taken.
import {all, forget, keep, kept} from "./check-in-kept.js";

const form = document.querySelector("form.check-in");
const thanks = document.querySelector("[data-thanks]");
const change = document.querySelector("[data-change]");
const link = location.pathname.split("/")[2];
const FIRST_WAIT = 2000, LONGEST_WAIT = 120000;

if (form) start(form, await kept(link));
else if (link) finish(await kept(link)).catch(() => {}); // it is tried again when it opens again
else resume(await all());

async function finish(before) { // thanked, or nothing may be sent any more; what waited to be sent is never dropped in silence
  if (!thanks || !before?.pending) return forget(link);
  if (change && before.answers.some(([name]) => name === "replaces")) return location.replace(change.href);
  const answer = await fetch(`/check-in/${link}`, {method: "POST", body: new URLSearchParams(before.answers)});
  await forget(link);
  if (answer.ok) location.replace(answer.url); // which tells whether just this was recorded
}

function resume(begun) {
  if (begun.length) location.replace(`/check-in/${begun.at(-1).link}`);
}

async function openOffline() { // the worker keeps what it gives: the first time it has given nothing yet
  const workers = navigator.serviceWorker;
  await workers.register("/check-in-worker.js", {scope: "/check-in/"});
  if (workers.controller) return;
  await new Promise(resolve => workers.addEventListener("controllerchange", resolve, {once: true}));
  const used = performance.getEntriesByType("resource").map(each => each.name).filter(name => name.includes("/static/"));
  await Promise.all([location.href, ...used].map(each => fetch(each)));
}

function start(form, before) {
  const steps = [...form.querySelectorAll(".step")];
  const buttons = Object.fromEntries([...form.querySelectorAll("[data-go]")].map(b => [b.dataset.go, b]));
  const progress = form.querySelector(".progress");
  const status = form.querySelector(".status");
  const says = form.dataset;
  let at = 0, pending = false, again = false, sending = false, over = false, wait = FIRST_WAIT, timer = 0;

  function show(step, focus) {
    at = Math.max(0, Math.min(step, steps.length - 1));
    const last = at === steps.length - 1;
    steps.forEach((each, n) => { each.hidden = n !== at; });
    buttons.back.hidden = at === 0;
    buttons.next.hidden = last;
    buttons.send.hidden = !last;
    progress.textContent = says.step.replace("{n}", at + 1).replace("{m}", steps.length);
    document.body.classList.toggle("first", at === 0);
    if (focus) {
      scrollTo(0, 0);
      steps[at].querySelector("h2").focus();
    }
  }

  function go(step) {
    show(step, true);
    save();
  }

  function save() {
    if (over) return;
    const answers = [...new FormData(form)].filter(([name]) => name !== "csrf");
    return keep(link, says.days, {answers, at, pending});
  }

  function restore() {
    if (!before) return;
    for (const input of form.elements) if (!input.disabled) input.checked = false; // as it was sent, where that is changed
    for (const [name, value] of before.answers)
      for (const input of form.elements) {
        if (input.name !== name) continue;
        if (input.type === "textarea") input.value = value;
        else if (input.value === value) input.checked = true;
      }
    at = before.at;
    pending = again = before.pending;
  }

  function draw() {
    for (const path of form.querySelectorAll("[data-area]"))
      path.classList.toggle("chosen", form.querySelector(`#area-${path.dataset.area}`).checked);
  }

  function tick(input) { // what is ticked and "none of these" are not both so
    if (input.type !== "checkbox" || !input.checked || input.name === "area") return;
    for (const other of form.querySelectorAll(`input[name=${input.name}]`))
      if (other !== input && !other.disabled && (other.value === "none" || input.value === "none")) other.checked = false;
  }

  async function send() {
    if (sending) return;
    clearTimeout(timer);
    pending = sending = true;
    save();
    status.textContent = says.sending;
    try {
      if (again && [404, 410].includes((await fetch(form.action)).status)) return withdrawn();
      again = true;
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.action, {method: "POST", body});
      if (new URL(answer.url).pathname.endsWith("/thanks") && answer.ok) {
        over = true;
        await forget(link);
        location.assign(answer.url);
        return;
      }
      sending = false;
      if (answer.status >= 500 || answer.status === 429) return later(says.busy);
      pending = false;
      save();
      if (answer.status === 400) status.textContent = says.refused;
      else if (answer.redirected) location.assign(answer.url); // as to sign in again
      else location.reload(); // the page tells what became of the link
    } catch {
      sending = false;
      later(says.saved);
    }
  }

  async function withdrawn() { // nothing is sent, and nothing of it stays
    over = true;
    await forget(link);
    location.reload();
  }

  function later(text) {
    status.textContent = text;
    timer = setTimeout(send, wait);
    wait = Math.min(2 * wait, LONGEST_WAIT);
  }

  form.addEventListener("input", event => { tick(event.target); draw(); save(); });
  form.addEventListener("submit", event => { event.preventDefault(); wait = FIRST_WAIT; send(); });
  form.addEventListener("click", event => {
    const area = event.target.dataset.area;
    if (area) form.querySelector(`#area-${area}`).click();
  });
  buttons.back.addEventListener("click", () => go(at - 1));
  buttons.next.addEventListener("click", () => go(at + 1));
  addEventListener("online", () => {
    wait = FIRST_WAIT;
    if (pending) send();
    else status.textContent = "";
  });
  addEventListener("offline", () => { if (!pending) status.textContent = says.kept; });

  document.body.classList.add("steps");
  progress.hidden = false;
  restore();
  draw();
  show(at, false);
  if (pending) send();
  else if (!navigator.onLine) status.textContent = says.kept;
  all();
  if (!("offline" in says)) return;
  save();
  if (navigator.serviceWorker) openOffline().catch(() => {}); // as where a browser forbids it
}
