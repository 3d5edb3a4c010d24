// What does a person see of an answer? Its verdict, a plan view, a table, and what to do about it. Texts only: no HTML is made of data.
"use strict";
const part = (id) => document.getElementById(id);
const made = (name, text, kind) => {
  const node = document.createElement(name);
  if (text !== undefined) node.textContent = text;
  if (kind) node.className = kind;
  return node;
};
const drawn = (name, attributes, text) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
};
let file = null;
let answer = null;

function choose(given) {
  if (!given) return;
  file = given;
  part("chosen").textContent = `${given.name}, ${(given.size / 1000).toFixed(0)} kB`;
}

async function locate(event) {
  event.preventDefault();
  part("answer").hidden = true;
  part("problem").hidden = true;
  if (!file) {
    part("state").textContent = "";
    return refuse({ wanted: "a scene file", got: "none chosen", cause: "the form was sent empty", move: "drop or choose a file" });
  }
  part("go").disabled = true;
  part("state").textContent = "Locating …";
  try {
    const headers = { "Content-Type": file.name.endsWith(".json") ? "application/json" : "application/octet-stream" };
    if (part("token").value) headers.Authorization = `Bearer ${part("token").value}`;
    const query = part("sources").value ? `?sources=${encodeURIComponent(part("sources").value)}` : "";
    const response = await fetch(`v1/locate${query}`, { method: "POST", headers, body: file });
    const value = await response.json();
    if (response.ok) show(value);
    else refuse(value);
  } catch (error) {
    refuse({ wanted: "an answer of the service", got: String(error.message), cause: "it ended, or the file cannot be read", move: "try again" });
  } finally {
    part("go").disabled = false;
    part("state").textContent = "";
  }
}

function refuse(problem) {
  const list = made("dl");
  for (const [key, word] of [["wanted", "Wanted"], ["got", "Got"], ["cause", "Likely cause"], ["move", "Next"]]) {
    list.append(made("dt", word), made("dd", problem[key]));
  }
  part("problem").replaceChildren(list);
  part("problem").hidden = false;
}

function show(value) {
  answer = value;
  part("scene").replaceChildren(...value.scenes.map((scene) => new Option(String(scene.scene), String(scene.scene))));
  part("which").hidden = value.scenes.length < 2;
  part("warnings").replaceChildren(...value.warnings.map((text) => made("li", text)));
  part("answer").hidden = false;
  showScene(value.scenes[0]);
  part("verdict").focus();
}

function showScene(scene) {
  const count = scene.order === 1 ? "1 source" : `${scene.order} sources`;
  part("verdict").textContent = `${count}: ${scene.status} (${answer.estimator})`;
  part("findings").replaceChildren(...scene.findings.map(advice));
  part("sources-table").replaceChildren(...rows(scene));
  plan(scene);
  const fit = scene.fit;
  part("fit").textContent = fit
    ? `The sources explain ${fit.explained.toFixed(2)} of the energy, ${fit.expected.toFixed(2)} was expected; ` +
      `what is left is white noise with p = ${Number(fit.p_value.toPrecision(2))}.`
    : "This estimator does not say how well its model fits.";
}

function advice(said) {
  const block = made("div", undefined, "advice");
  block.append(made("div", said.status), made("div", `Likely cause: ${said.cause}. Next: ${said.next}.`, "quiet"));
  return block;
}

const rounded = (value, deviation) => {
  if (value === null) return "unbounded";
  const places = deviation ? Math.min(9, Math.max(0, 1 - Math.floor(Math.log10(deviation)))) : 3;
  return value.toFixed(places);
};
const plusMinus = (value) => (value === null || value === undefined ? "± ?" : `± ${Number(value.toPrecision(2))}`);

function rows(scene) {
  const head = made("thead");
  const first = head.insertRow();
  for (const name of ["#", "Azimuth °", "Elevation °", "Distance m", "Power dB"]) {
    const cell = made("th", name);
    cell.scope = "col";
    first.append(cell);
  }
  const body = made("tbody");
  scene.sources.forEach((source, number) => {
    const row = body.insertRow();
    row.append(made("td", source.symbols ? `${number + 1}, ${source.symbols}` : String(number + 1)));
    for (const key of ["azimuth_deg", "elevation_deg", "distance_m"]) {
      const cell = made("td", rounded(source[key], source.std[key]));
      cell.append(made("small", plusMinus(source.std[key])));
      if (source.std_sandwich) cell.append(made("small", plusMinus(source.std_sandwich[key])));
      if (source.truth) cell.append(made("small", `true ${rounded(source.truth[key], source.std[key])}`));
      row.append(cell);
    }
    row.append(made("td", source.power_db === null ? "" : source.power_db.toFixed(1)));
  });
  return [head, body];
}

const SIZE = 400;
const MARGIN = 28;

function plan(scene) {
  const places = scene.sources.flatMap((source) => [source, source.truth || source]);
  const far = Math.max(1, ...places.map((place) => (place.distance_m === null ? 0 : ground(place)))) * 1.15;
  const scale = (SIZE - 2 * MARGIN) / far;
  const at = (azimuth, distance) => {
    const angle = (azimuth * Math.PI) / 180;
    return [SIZE / 2 + distance * Math.sin(angle) * scale, SIZE - MARGIN - distance * Math.cos(angle) * scale];
  };
  const nodes = [...axes(far, at), drawn("line", { class: "panel", x1: SIZE / 2 - 14, x2: SIZE / 2 + 14, y1: SIZE - MARGIN, y2: SIZE - MARGIN })];
  scene.sources.forEach((source, number) => nodes.push(...marks(source, number, far, at)));
  part("plan").setAttribute("viewBox", `0 0 ${SIZE} ${SIZE}`);
  part("plan").replaceChildren(...nodes);
  const truth = scene.sources.some((source) => source.truth) ? " Rings: true positions." : "";
  part("plan-caption").textContent =
    `Plan view, metres, the panel at the bottom, positive azimuths to the right. Filled: ± if the model holds; dashed: whether it holds or not.${truth}`;
}

const ground = (place) => place.distance_m * Math.cos((place.elevation_deg * Math.PI) / 180);

function axes(far, at) {
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((size) => far / size <= 5) || far;
  const nodes = [];
  for (let distance = step; distance <= far; distance += step) {
    const points = Array.from({ length: 61 }, (_, i) => at(i * 3 - 90, distance).join(",")).join(" ");
    const [x, y] = at(0, distance);
    nodes.push(drawn("polyline", { class: "arc", points }), drawn("text", { x: x + 3, y: y - 3 }, `${Number(distance.toPrecision(3))} m`));
  }
  return nodes;
}

function marks(source, number, far, at) {
  const nodes = [];
  if (source.distance_m === null) {
    const [[x1, y1], [x2, y2]] = [at(source.azimuth_deg, 0), at(source.azimuth_deg, far)];
    nodes.push(drawn("line", { class: "ray", x1, y1, x2, y2 }));
  } else {
    for (const [kind, std] of [["std", source.std], ["sandwich", source.std_sandwich]]) {
      if (std && std.azimuth_deg !== null && std.distance_m !== null) nodes.push(spread(source, std, kind, far, at));
    }
  }
  const [x, y] = at(source.azimuth_deg, source.distance_m === null ? far * 0.93 : ground(source));
  nodes.push(drawn("circle", { class: "found", cx: x, cy: y, r: 4 }), drawn("text", { class: "number", x: x + 8, y: y - 6 }, String(number + 1)));
  if (source.truth && source.truth.distance_m !== null) {
    const [cx, cy] = at(source.truth.azimuth_deg, ground(source.truth));
    nodes.push(drawn("circle", { class: "true", cx, cy, r: 8 }));
  }
  return nodes;
}

function spread(source, std, kind, far, at) {
  const points = Array.from({ length: 49 }, (_, i) => {
    const turn = (i * Math.PI) / 24;
    const distance = Math.min(far, Math.max(0, ground(source) + std.distance_m * Math.sin(turn)));
    return at(source.azimuth_deg + std.azimuth_deg * Math.cos(turn), distance).join(",");
  });
  return drawn("polygon", { class: kind, points: points.join(" ") });
}

const drop = part("drop");
for (const kind of ["dragover", "dragenter"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => { event.preventDefault(); choose(event.dataTransfer.files[0]); });
part("file").addEventListener("change", (event) => choose(event.target.files[0]));
part("form").addEventListener("submit", locate);
part("scene").addEventListener("change", (event) => showScene(answer.scenes[Number(event.target.value)]));
