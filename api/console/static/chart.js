// Draws each chart from the table beside it, in the colours of the page.
"use strict";
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const language = document.documentElement.lang;
  const DAY_S = 86400;
  const time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const date = new Intl.DateTimeFormat(language, { month: "short", day: "numeric" });
  // The time of each, and below it the date where that begins or changes; of whole days the date alone.
  function moments(ticks, step) {
    let last = "";
    return ticks.map((at) => {
      const day = date.format(at * 1000);
      const told = step >= DAY_S ? day : `${time.format(at * 1000)}${day === last ? "" : `\n${day}`}`;
      last = day;
      return told;
    });
  }
  const TONES = ["--accent", "--info", "--warn", "--bad", "--ok"];

  // `light-dark()` is for style sheets only: what a canvas is given has to be a colour already.
  function resolved(name) {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found || colour(name);
  }

  function numbers(figure) {
    const rows = [...figure.querySelectorAll("details tbody tr")];
    const names = [...figure.querySelectorAll("details thead th")].map((cell) => cell.textContent);
    const data = names.map((_, place) => rows.map((row) => {
      const cell = row.cells[place];
      const text = place === 0 ? cell.dataset.x : cell.dataset.y;
      return text === "" ? null : Number(text);
    }));
    return { names, data };
  }

  function draw(figure) {
    const place = figure.querySelector(".plot");
    const { names, data } = numbers(figure);
    place.replaceChildren();
    figure.plot?.destroy();
    if (!data[0]?.length) return;
    const axis = { stroke: resolved("--ink-3"), grid: { stroke: resolved("--line"), width: 1 }, ticks: { stroke: resolved("--line"), width: 1 }, font: "11px Inter, Pretendard, system-ui, sans-serif" };
    const unit = figure.dataset.unit;
    const said = (v) => v.toLocaleString(language, { maximumSignificantDigits: 4 });
    figure.plot = new uPlot({
      width: place.clientWidth,
      height: 180,
      cursor: { drag: { x: false, y: false } },
      scales: { y: { range: (_, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.1 : 1] } },
      series: [{ label: names[0], value: (_, at) => (at == null ? "–" : new Date(at * 1000).toLocaleString(language, { dateStyle: "short", timeStyle: "short" })) },
        ...names.slice(1).map((label, index) => ({ label, stroke: resolved(figure.dataset.tones ? `--${figure.dataset.tones.split(" ")[index]}` : TONES[index % TONES.length]), width: 2, points: { show: data[0].length < 40 || data[index + 1].includes(null), size: 4 }, value: (_, v) => (v == null ? "–" : `${v.toLocaleString(language)}${unit ? ` ${unit}` : ""}`) }))],
      axes: [
        { ...axis, space: 64, values: (_, ticks, __, ___, step) => moments(ticks, step) },
        // As wide as what it says: the cost of a few passages has many digits.
        { ...axis, size: (_, values) => 24 + 7 * Math.max(4, ...(values ?? []).map((v) => v.length)), values: (_, ticks) => ticks.map(said) },
      ],
    }, data, place);
  }

  function all() {
    for (const figure of document.querySelectorAll("[data-chart]")) draw(figure);
  }
  let pending = 0;
  const soon = () => { cancelAnimationFrame(pending); pending = requestAnimationFrame(all); };
  addEventListener("resize", soon);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", soon);
  document.addEventListener("htmx:after:swap", soon);
  all();
})();
