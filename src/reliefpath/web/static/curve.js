// The recovery curve to point at and to look into, in place of the server's picture: the same chart, drawn by Vega.
// The picture stays where this fails, and on paper.
const figure = document.querySelector("figure[data-vega]");
if (figure) start(figure);

function start(figure) {
  const image = figure.querySelector("img");
  const chart = figure.querySelector(".chart");
  const tip = figure.querySelector(".tip");
  const LEAST = 2; // weeks
  let view, drawn, from, to, end, held, leaving;

  async function draw() { // again when the picture changes, as from light to dark
    try {
      await image.decode(); // the picture first
      const place = image.currentSrc.replace("/curve.svg?", "/curve.json?");
      if (place === drawn || matchMedia("print").matches) return;
      drawn = place;
      const [embed, answer] = await Promise.all([import(figure.dataset.vega), fetch(place)]);
      const spec = await answer.json();
      view?.finalize();
      const options = { mode: "vega-lite", renderer: "svg", ast: true, actions: false, defaultStyle: false, tooltip: () => {} };
      ({ view } = await embed.default(chart.firstChild, spec, options));
      chart.style.aspectRatio = image.naturalWidth / image.naturalHeight; // nothing on the page moves
      end = view.signal("to");
      show(from ?? 0, to ?? end);
      figure.classList.add("live");
    } catch {
      figure.classList.remove("live");
    }
  }

  function show(first, last) {
    const long = Math.min(last - first, end);
    if (long < Math.min(LEAST, end)) return;
    from = Math.max(0, Math.min(first, end - long));
    to = from + long;
    view.signal("from", from).signal("to", to).run();
    quiet();
  }

  const move = weeks => show(from + weeks, to + weeks);
  const closer = (times, week) => show(week - (week - from) * times, week + (to - week) * times);
  const does = {
    earlier: () => move((from - to) / 2),
    later: () => move((to - from) / 2),
    closer: () => closer(0.5, (from + to) / 2),
    whole: () => show(0, end),
  };
  const plot = () => chart.querySelector(".concat_0_group .background").getBoundingClientRect();

  function tell(mark) {
    quiet();
    mark.classList.add("told");
    tip.textContent = mark.__data__.tooltip;
    tip.hidden = false;
    tip.style.left = 0; // as wide as it likes
    const at = mark.getBoundingClientRect(), around = figure.getBoundingClientRect();
    const left = at.x + at.width / 2 - tip.offsetWidth / 2 - around.x;
    const above = at.y - tip.offsetHeight - 10;
    tip.style.left = `${Math.max(0, Math.min(left, around.width - tip.offsetWidth))}px`;
    tip.style.top = `${(above < 0 ? at.bottom + 10 : above) - around.y}px`;
  }

  function quiet() {
    clearTimeout(leaving);
    tip.hidden = true;
    chart.querySelector(".told")?.classList.remove("told");
  }

  function step(by) { // from mark to mark by the time they tell of
    const left = mark => mark.getBoundingClientRect().left;
    const marks = [...chart.querySelectorAll("path")].filter(tells).sort((a, b) => left(a) - left(b));
    const told = marks.findIndex(mark => mark.matches(".told"));
    const next = told < 0 ? marks.at(by < 0 ? -1 : 0) : marks[told + by] ?? marks[told];
    if (next) tell(next);
  }

  const tells = mark => mark.__data__?.tooltip;
  const keys = { ArrowLeft: () => step(-1), ArrowRight: () => step(1), Home: does.whole };

  image.addEventListener("load", draw);
  figure.addEventListener("click", event => does[event.target.dataset.does]?.());
  figure.addEventListener("pointerover", event => {
    if (tells(event.target)) tell(event.target);
    else if (event.target === tip) clearTimeout(leaving); // to read, or to copy from
  });
  figure.addEventListener("pointerout", event => {
    if (event.pointerType === "mouse") leaving = setTimeout(quiet, 300);
  });
  figure.addEventListener("pointerdown", event => {
    if (!tells(event.target)) quiet();
  });
  figure.addEventListener("keydown", event => {
    if (event.key === "Escape") quiet();
    if (event.target !== chart || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  chart.addEventListener("blur", quiet);
  chart.addEventListener("wheel", event => {
    if (!event.ctrlKey) return; // the page scrolls
    event.preventDefault();
    const { x, width } = plot();
    closer(Math.exp(event.deltaY / 400), from + (event.clientX - x) / width * (to - from));
  });
  chart.addEventListener("pointerdown", event => {
    if (event.button !== 0) return;
    chart.setPointerCapture(event.pointerId);
    held = event.clientX;
  });
  chart.addEventListener("pointermove", event => {
    if (!chart.hasPointerCapture(event.pointerId) || event.clientX === held) return;
    move((held - event.clientX) / plot().width * (to - from));
    held = event.clientX;
  });
  draw();
}
