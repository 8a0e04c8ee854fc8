// A link to check in is copied by one tap, and printed alone.
const link = document.querySelector("#link");
const copied = document.querySelector("[data-copied]");

async function copy() {
  link.select();
  try { await navigator.clipboard.writeText(link.value); } catch { document.execCommand("copy"); } // without HTTPS there is no clipboard
  copied.textContent = copied.dataset.copied;
}

const does = {"[data-copies]": copy, "[data-prints]": () => print()};
for (const [which, act] of Object.entries(does))
  for (const button of document.querySelectorAll(which)) {
    button.hidden = false;
    button.addEventListener("click", act);
  }
