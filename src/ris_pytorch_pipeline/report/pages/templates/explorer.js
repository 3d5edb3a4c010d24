"use strict";
const TRUE_COLOUR = "#009E73", FOUND_COLOUR = "#D55E00";
const REACH = 2.7955; // standard deviations that hold 95 % of a normal error in three coordinates
const AROUND = 16, ALONG = 9; // points of an ellipsoid

function cartesian([azimuth, elevation, distance]) {
  const a = azimuth * Math.PI / 180, e = elevation * Math.PI / 180, flat = distance * Math.cos(e);
  return [flat * Math.cos(a), flat * Math.sin(a), distance * Math.sin(e)];
}

function columns(points) {
  const [x, y, z] = [0, 1, 2].map((axis) => points.map((point) => point[axis]));
  return { x, y, z };
}

function known(place) {
  return place !== null && place.every((value) => value !== null);
}

/** The surface of what the stated deviations hold, bent as azimuth, elevation and distance are. */
function ellipsoid(found, std, far) {
  const points = [], i = [], j = [], k = [];
  for (let row = 0; row < ALONG; row++) {
    const polar = Math.PI * row / (ALONG - 1);
    for (let column = 0; column < AROUND; column++) {
      const turn = 2 * Math.PI * column / AROUND;
      const unit = [Math.sin(polar) * Math.cos(turn), Math.sin(polar) * Math.sin(turn), Math.cos(polar)];
      const place = found.map((value, axis) => value + REACH * std[axis] * unit[axis]);
      place[2] = Math.min(Math.max(place[2], 0), Math.max(far, found[2]));
      points.push(cartesian(place));
      if (row === 0) continue;
      const here = row * AROUND + column, beside = row * AROUND + (column + 1) % AROUND;
      i.push(here, beside); j.push(beside, beside - AROUND); k.push(here - AROUND, here - AROUND);
    }
  }
  return { type: "mesh3d", ...columns(points), i, j, k, color: FOUND_COLOUR, opacity: 0.25, hoverinfo: "skip" };
}

function marked(places, name, symbol, colour, size) {
  return {
    type: "scatter3d", mode: "markers", name: `${name}, ${places.length}`, ...columns(places.map(cartesian)),
    marker: { symbol, color: colour, size, line: { color: colour, width: 1 } },
    text: places.map(([a, e, d]) => `${a.toFixed(1)}°, ${e.toFixed(1)}°, ${d.toFixed(2)} m`),
    hovertemplate: `${name}: %{text}<extra></extra>`,
  };
}

function inSpace(data, scene) {
  const far = 1.5 * data.farthest;
  const panel = {
    type: "scatter3d", mode: "markers", name: "panel", ...columns(data.panel), hoverinfo: "skip",
    marker: { size: 1.5, color: "#808080" },
  };
  const held = scene.sources.filter(({ found, std }) => known(found) && std !== null && known(std));
  return [
    panel,
    marked(scene.sources.map((s) => s.true).filter(known), "true", "circle-open", TRUE_COLOUR, 8),
    marked(scene.sources.map((s) => s.found).filter(known), "found", "diamond", FOUND_COLOUR, 6),
    ...held.map(({ found, std }) => ellipsoid(found, std, far)),
  ];
}

const CAMERA = { eye: { x: -2.1, y: -1.75, z: 1.3 }, center: { x: -0.1, y: 0.12, z: -0.15 } }, NARROW = 480;
const TURN = Math.PI / 12, STEEPEST = Math.PI / 2 - 0.05, NEARER = 0.8;

/** Where the eye is after a turn around the middle, an angle up, and a step towards it. */
function turned({ eye, ...rest }, around, up, nearer) {
  const flat = Math.hypot(eye.x, eye.y), far = Math.hypot(flat, eye.z) * nearer;
  const azimuth = Math.atan2(eye.y, eye.x) + around;
  const steep = Math.min(Math.max(Math.atan2(eye.z, flat) + up, -STEEPEST), STEEPEST);
  const [x, y] = [Math.cos(azimuth), Math.sin(azimuth)].map((part) => far * Math.cos(steep) * part);
  return { ...rest, eye: { x, y, z: far * Math.sin(steep) } };
}

const TURNS = {
  left: [-TURN, 0, 1], right: [TURN, 0, 1], up: [0, TURN, 1], down: [0, -TURN, 1], nearer: [0, 0, NEARER], farther: [0, 0, 1 / NEARER],
};

function spaceLayout(camera) {
  const { rule } = colours();
  const axis = (name) => ({ title: { text: name }, nticks: 6, gridcolor: rule, zerolinecolor: rule, showbackground: false });
  return layoutWith({
    scene: {
      xaxis: axis("forward (m)"), yaxis: axis("across (m)"), zaxis: axis("up (m)"), aspectmode: "data",
      camera,
    },
    margin: { l: 0, r: 0, t: 10, b: 0 },
  });
}

/** Values of one plane, elevations by azimuths, out of the bytes of a scene. */
function plane(data, bytes, number) {
  const across = data.azimuths.length, down = data.elevations.length, from = number * across * down;
  return data.elevations.map((_, row) => (
    Array.from(bytes.subarray(from + row * across, from + (row + 1) * across), (byte) => byte * data.most / 255)
  ));
}

/** The highest value of a plane and where it is, in words. */
function highest(data, bytes, number) {
  const across = data.azimuths.length, down = data.elevations.length, values = bytes.subarray(number * across * down, (number + 1) * across * down);
  const most = values.reduce((best, byte, at) => (byte > values[best] ? at : best), 0);
  const degrees = (angle) => `${Math.round(angle)}°`;
  const place = `azimuth ${degrees(data.azimuths[most % across])}, elevation ${degrees(data.elevations[Math.floor(most / across)])}`;
  return `highest ${(values[most] * data.most / 255).toFixed(1)} dB at ${place}`;
}

function crosses(data, scene, which, number, look) {
  const nearest = (distance) => data.distances.reduce(
    (best, each, at) => (Math.abs(1 / each - 1 / distance) < Math.abs(1 / data.distances[best] - 1 / distance) ? at : best), 0
  );
  const places = scene.sources.map((source) => source[which]).filter(known);
  return {
    type: "scatter", mode: "markers", showlegend: false, x: places.map((p) => p[0]), y: places.map((p) => p[1]),
    marker: { ...look, opacity: places.map((p) => (nearest(p[2]) === number ? 1 : 0.45)) },
    text: places.map((p) => `${p[2].toFixed(2)} m`), hovertemplate: `${which}, %{text}<extra></extra>`,
  };
}

function slice(data, scene, bytes, number) {
  return [
    {
      type: "heatmap", x: data.azimuths, y: data.elevations, z: plane(data, bytes, number), zmin: 0, zmax: data.most,
      colorscale: "Cividis", zsmooth: "best", colorbar: { title: { text: "dB" }, thickness: 12 },
      hovertemplate: "%{x:.0f}°, %{y:.0f}°: %{z:.1f} dB<extra></extra>",
    },
    crosses(data, scene, "true", number, { symbol: "circle-open", size: 15, color: "#ffffff", line: { width: 2.5 } }),
    crosses(data, scene, "found", number, { symbol: "diamond", size: 9, color: FOUND_COLOUR, line: { color: "#ffffff", width: 1 } }),
  ];
}

function explore(place, data) {
  const part = (role) => place.querySelector(`[data-role=${role}]`);
  const choice = part("scene"), slider = part("distance"), space = part("space"), map = part("slice");
  const scene = () => data.scenes[Number(choice.value)];
  let bytes = null, camera = innerWidth < NARROW ? turned(CAMERA, 0, 0, 1.5) : CAMERA, watched = false;

  const drawSpace = async (plotly) => {
    await plotly.react(space, inSpace(data, scene()), spaceLayout(camera), OPTIONS);
    if (!watched) space.on("plotly_relayout", (changed) => { camera = changed["scene.camera"] ?? camera; });
    watched = true;
  };
  const drawMap = (plotly) => bytes && plotly.react(map, slice(data, scene(), bytes, Number(slider.value)), layoutWith({
    xaxis: { title: { text: "azimuth (degrees)" } }, yaxis: { title: { text: "elevation (degrees)" } },
  }), OPTIONS);

  function moveTo(number) {
    const metres = `${data.distances[number].toPrecision(3)} m`;
    slider.value = number;
    part("metres").textContent = metres;
    const told = highest(data, bytes, number);
    slider.setAttribute("aria-valuetext", `${metres}: ${told}`);
    map.setAttribute("aria-label", `Map over azimuth and elevation at ${metres}: ${told}; the table below has the sources.`);
    part("highest").textContent = `${told[0].toUpperCase()}${told.slice(1)}.`;
    redrawIfDrawn(map);
  }

  function show() {
    const own = scene();
    part("told").textContent = own.told;
    part("sources").replaceChildren(...own.sources.map(({ cells }) => {
      const row = document.createElement("tr");
      row.append(...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
      return row;
    }));
    space.setAttribute("aria-label", `${own.label}: ${own.told}`);
    redrawIfDrawn(space);
    if (map === null) return;
    map.closest("figure").hidden = own.spectrum === undefined;
    part("unseen").hidden = own.spectrum !== undefined;
    bytes = null; // until they are unpacked, the map of the scene before stands
    if (own.spectrum === undefined) return;
    slider.value = own.plane;
    unpacked(own.spectrum).arrayBuffer().then((found) => {
      if (scene() !== own) return;
      bytes = new Uint8Array(found);
      moveTo(Number(slider.value));
    });
  }

  const step = (by) => {
    choice.value = String((Number(choice.value) + by + data.scenes.length) % data.scenes.length);
    show();
  };
  choice.addEventListener("change", show);
  part("previous").addEventListener("click", () => step(-1));
  part("next").addEventListener("click", () => step(1));
  for (const button of place.querySelectorAll("[data-turn]")) {
    button.addEventListener("click", () => {
      camera = turned(camera, ...TURNS[button.dataset.turn]);
      redrawIfDrawn(space);
    });
  }
  if (slider !== null) slider.addEventListener("input", () => bytes && moveTo(Number(slider.value)));
  show();
  drawLater(space, drawSpace);
  if (map !== null) drawLater(map, drawMap);
}

for (const [name, data] of Object.entries(JSON.parse(document.getElementById("scenes").textContent))) {
  explore(document.getElementById(`scenes-${name}`), data);
}
