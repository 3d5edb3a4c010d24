"use strict";
const charts = JSON.parse(document.getElementById("charts").textContent);
const root = document.documentElement;
const drawing = new Map(); // element: what draws it
const drawn = new Set();
const OPTIONS = { responsive: true, displaylogo: false, displayModeBar: false };

function colours() {
  const style = getComputedStyle(root);
  const of = (name) => style.getPropertyValue(name).trim();
  return { ink: of("--ink"), rule: of("--rule"), paper: of("--paper") };
}

function layoutWith(own) {
  const { ink, rule } = colours();
  const axis = { gridcolor: rule, linecolor: rule, zeroline: false, automargin: true };
  return {
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, maxheight: 0.7 },
    margin: { l: 55, r: 15, t: 10, b: 45 },
    ...own,
    xaxis: { ...axis, ...own.xaxis },
    yaxis: { ...axis, ...own.yaxis },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: ink, family: "system-ui, sans-serif", size: 13 },
  };
}

/** Plotly takes longer to start than all the rest of a page: it starts with the first chart in sight. */
let starting = null;
function started() {
  starting ??= unpacked(document.getElementById("plotly").textContent).text().then((textContent) => {
    document.head.append(Object.assign(document.createElement("script"), { textContent }));
    return window.Plotly;
  });
  return starting;
}

function unpacked(letters) {
  const text = atob(letters.trim()), bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at); // a tenth of the time of Uint8Array.from
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
}

const near = new Set(); // charts that have come near, and wait for their frame
const seen = new IntersectionObserver((entries) => {
  const idle = near.size === 0;
  for (const { isIntersecting, target } of entries) {
    if (isIntersecting && !drawn.has(target)) near.add(target);
  }
  if (idle && near.size > 0) started().then(() => requestAnimationFrame(drawNext));
}, { rootMargin: "300px" });

/** One chart a frame: the first one shows before the others are drawn. */
function drawNext() {
  const [next] = near;
  near.delete(next);
  if (near.size > 0) requestAnimationFrame(drawNext);
  redraw(next);
}

function redraw(element) {
  drawn.add(element);
  started().then((plotly) => drawing.get(element)(plotly)).then(() => {
    document.getElementById("js-plotly-tester")?.setAttribute("aria-hidden", "true"); // where Plotly measures texts
  });
}

function redrawIfDrawn(element) {
  if (drawn.has(element)) redraw(element);
}

/** Draw once it comes into sight, and again in other colours. */
function drawLater(element, draw) {
  drawing.set(element, draw);
  seen.observe(element);
}

for (const id of Object.keys(charts)) {
  const element = document.getElementById(id);
  drawLater(element, (plotly) => plotly.react(element, charts[id].data, layoutWith(charts[id].layout), OPTIONS));
}

const button = document.getElementById("theme");
function setTheme(dark) {
  root.dataset.theme = dark ? "dark" : "light";
  button.setAttribute("aria-pressed", String(dark));
  drawn.forEach(redraw);
}
const wish = matchMedia("(prefers-color-scheme: dark)");
wish.addEventListener("change", () => setTheme(wish.matches));
button.addEventListener("click", () => setTheme(root.dataset.theme !== "dark"));
setTheme(wish.matches);

/** Of charts that are chosen, those are seen that stand where every choice points. */
for (const place of document.querySelectorAll(".charts")) {
  const choices = [...document.querySelectorAll(`select[data-charts="${place.id}"]`)];
  const show = () => {
    for (const figure of place.querySelectorAll("figure[data-places]")) {
      const places = figure.dataset.places.split(" ").map((each) => each.split(":"));
      figure.hidden = !places.every(([number, value]) => choices[number].value === value);
    }
  };
  for (const choice of choices) choice.addEventListener("change", show);
}

function sortBy(table, column, down) {
  const body = table.tBodies[0], sign = down ? -1 : 1;
  const keyOf = (row) => {
    const cell = row.cells[column];
    return cell.dataset.key === undefined ? cell.textContent : Number(cell.dataset.key);
  };
  const order = (a, b) => {
    const x = keyOf(a), y = keyOf(b);
    if (typeof x === typeof y) return sign * (typeof x === "number" ? x - y : x.localeCompare(y));
    return typeof x === "number" ? -1 : 1; // what does not exist comes last
  };
  body.append(...[...body.rows].sort(order));
}

for (const head of document.querySelectorAll("thead button")) {
  head.addEventListener("click", () => {
    const cell = head.closest("th"), down = cell.getAttribute("aria-sort") === "ascending";
    for (const other of cell.parentElement.cells) other.setAttribute("aria-sort", "none");
    cell.setAttribute("aria-sort", down ? "descending" : "ascending");
    sortBy(cell.closest("table"), cell.cellIndex, down);
  });
}
