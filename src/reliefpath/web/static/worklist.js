// The worklist while typing, and its keys. Without this file the form and its links do the same.
const form = document.getElementById("filters");
const keys = document.getElementById("keys");
const keysOn = document.getElementById("keys-on");
let asked;

async function show() {
  const said = [...new FormData(form)].filter(([, value]) => value !== "");
  const place = `/worklist?${new URLSearchParams(said)}`;
  asked?.abort(); // only the latest answer counts
  asked = new AbortController();
  try {
    const answer = await fetch(place, { signal: asked.signal });
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    // not the list: signed out, or everybody is being assessed anew
    if (!found.getElementById("list")) return location.assign(place);
    document.getElementById("list").replaceWith(found.getElementById("list"));
    document.getElementById("said").textContent = found.getElementById("said").textContent; // is read aloud
    history.replaceState(null, "", place);
  } catch (error) {
    if (error.name !== "AbortError") location.assign(place);
  }
}

let waiting;
form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(show, 150);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(waiting);
  show();
});

function move(by) {
  const rows = [...document.querySelectorAll("#list td .button")];
  const next = rows[Math.max(0, rows.indexOf(document.activeElement) + by)] ?? rows.at(-1);
  next?.focus();
  next?.closest("tr").scrollIntoView({ block: "nearest" });
}

const does = {
  "/": () => document.getElementById("q").focus(),
  j: () => move(1),
  k: () => move(-1),
  "?": () => keys.showModal(),
};
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=checkbox]), select, textarea");
  if (typing && event.key === "Escape") event.target.blur();
  if (typing || keys.open || !keysOn.checked || event.ctrlKey || event.metaKey || event.altKey) return;
  if (does[event.key]) {
    event.preventDefault();
    does[event.key]();
  }
});

// single keys can disturb who works by voice: they can be switched off
keysOn.checked = localStorage.getItem("keys") !== "off";
keysOn.addEventListener("change", () => localStorage.setItem("keys", keysOn.checked ? "on" : "off"));
const button = document.getElementById("keys-button");
button.hidden = false;
button.addEventListener("click", () => keys.showModal());
