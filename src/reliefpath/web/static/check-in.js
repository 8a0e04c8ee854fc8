// The check-in on a phone: one step at a time, kept on the phone until the clinic has it, sent again until it is taken.
const form = document.querySelector("form.check-in");
const key = `check-in:${location.pathname.split("/")[2]}`;
const FIRST_WAIT = 2000, LONGEST_WAIT = 120000;

if (form) start(form);
else forget(); // thanked, or nothing to send any more

function start(form) {
  const steps = [...form.querySelectorAll(".step")];
  const buttons = Object.fromEntries([...form.querySelectorAll("[data-go]")].map(b => [b.dataset.go, b]));
  const progress = form.querySelector(".progress");
  const status = form.querySelector(".status");
  const says = form.dataset;
  let at = 0, pending = false, sending = false, wait = FIRST_WAIT, timer = 0;

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
    const answers = [...new FormData(form)].filter(([name]) => name !== "csrf");
    keep({answers, at, pending});
  }

  function restore() {
    const kept = kept_before();
    if (!kept) return;
    for (const input of form.elements) if (!input.disabled) input.checked = false; // as it was sent, where that is changed
    for (const [name, value] of kept.answers)
      for (const input of form.elements) {
        if (input.name !== name) continue;
        if (input.type === "textarea") input.value = value;
        else if (input.value === value) input.checked = true;
      }
    at = kept.at;
    pending = kept.pending;
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
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.action, {method: "POST", body});
      if (new URL(answer.url).pathname.endsWith("/thanks") && answer.ok) {
        forget();
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
}

function keep(what) {
  try { localStorage.setItem(key, JSON.stringify(what)); } catch { /* a phone that keeps nothing still sends */ }
}

function kept_before() {
  try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
}

function forget() {
  try { localStorage.removeItem(key); } catch { /* nothing was kept */ }
}
