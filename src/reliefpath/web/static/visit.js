// One tap a muscle says that it is as it was last time; whatever is tapped after stands.
for (const button of document.querySelectorAll(".as-last")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    for (const tap of button.closest(".muscle").querySelectorAll("[data-last]")) tap.checked = true;
  });
}
