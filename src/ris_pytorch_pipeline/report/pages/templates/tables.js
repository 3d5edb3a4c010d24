"use strict";
/** Which columns fit: those on the left, and a button brings the others; then the table scrolls by itself. */
const FEWEST = 2;

function fitted(frame, style, table, whole) {
  const total = table.rows[0]?.cells.length ?? 0;
  const show = (count) => {
    style.textContent = count < total ? `#${table.id} tr > :nth-child(n + ${count + 1}) { display: none; }` : "";
  };
  const spills = () => frame.scrollWidth > frame.clientWidth;
  table.classList.remove("tight");
  show(total);
  let count = total;
  if (frame.clientWidth > 0 && spills() && !whole) {
    const reach = frame.getBoundingClientRect().left + frame.clientWidth;
    const ends = [...table.rows[0].cells].map((cell) => cell.getBoundingClientRect().right);
    count = Math.max(FEWEST, ends.filter((end) => end <= reach + 1).length + 2);
    for (show(count); count > FEWEST && spills(); show(count)) count -= 1;
    table.classList.toggle("tight", spills()); // words are broken where two columns are too wide
  }
  frame.classList.toggle("more", spills());
  return { count, total };
}

let numbered = 0;
for (const frame of document.querySelectorAll(".wide")) {
  const table = frame.querySelector("table:not(.facts)");
  if (table === null) continue;
  table.id ||= `fitted-${numbered++}`;
  const style = document.head.appendChild(document.createElement("style"));
  const button = Object.assign(document.createElement("button"), { type: "button", hidden: true, className: "columns" });
  frame.before(button);
  let whole = false, width = -1;
  const fit = () => {
    const { count, total } = fitted(frame, style, table, whole);
    if (!whole) button.hidden = count === total;
    button.textContent = whole ? "Only the columns that fit" : `All ${total} columns, not only ${count}`;
  };
  button.addEventListener("click", () => { whole = !whole; fit(); });
  new ResizeObserver(() => {
    if (frame.clientWidth === width) return; // its height changes with its own columns
    width = frame.clientWidth;
    fit();
  }).observe(frame);
}

/** The lines of a chart, to be switched by the keyboard as by its legend. */
for (const numbers of document.querySelectorAll("details.numbers")) {
  const element = numbers.parentElement.querySelector(".chart"), { data } = charts[element.id];
  const named = data.filter(({ showlegend, name }) => showlegend !== false && name);
  if (named.length < 2) continue;
  numbers.addEventListener("toggle", () => {
    const lines = Object.assign(document.createElement("fieldset"), { className: "switches" });
    lines.append(Object.assign(document.createElement("legend"), { textContent: "Lines shown" }));
    const boxes = named.map((trace) => {
      const box = Object.assign(document.createElement("input"), { type: "checkbox" }), label = document.createElement("label");
      label.append(box, ` ${plain(trace.name)}`);
      box.addEventListener("change", () => {
        trace.visible = box.checked || "legendonly";
        redrawIfDrawn(element);
      });
      lines.append(label);
      return box;
    });
    const tell = () => boxes.forEach((box, number) => { box.checked = named[number].visible !== "legendonly"; });
    tell();
    element.on?.("plotly_restyle", tell);
    numbers.querySelector("summary").after(lines);
  }, { once: true });
}

/** A text as it was before Plotly's entities. */
function plain(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
