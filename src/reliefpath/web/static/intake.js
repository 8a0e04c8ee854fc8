// The places where it hurts, ticked in the list or touched on the drawing; and none is not ticked beside what was found.
const form = document.querySelector("form.intake");

function draw() {
  for (const path of form.querySelectorAll("[data-area]"))
    path.classList.toggle("chosen", form.querySelector(`#area-${path.dataset.area}`).checked);
}

form.addEventListener("click", event => {
  const area = event.target.dataset.area;
  if (area) form.querySelector(`#area-${area}`).click();
});
form.addEventListener("change", event => {
  const input = event.target, asked = input.closest(".asked");
  if (asked && input.checked) {
    const none = asked.querySelector("[name=none]");
    for (const other of input === none ? asked.querySelectorAll("li input") : [none]) other.checked = false;
  }
  draw();
});
draw();
