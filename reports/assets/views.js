"use strict";

const VOID = { "all-zero": "This map is zero everywhere", constant: "This map is the same everywhere",
  "non-finite": "This map is not made of numbers" };
const maps = new Map();                 // sheet name -> Uint8Array [n, h, w], or a promise of it
const brushes = new Map();              // sheet name -> MapBrush

function flagsOf(layer) {
  const box = make("span", { class: "flags" });
  if (!layer.spatial) box.append(make("span", { class: "tag", text: "time only" }));
  for (const flag of layer.flags) box.append(make("span", { class: "flag", text: flag }));
  return box;
}

/** One picture: a frame with a layer's map over it and, for layers without a place, their strip under it. */
function makeView([height, width], caption) {
  const canvas = make("canvas", { width, height, role: "img" });
  const strip = make("canvas", { class: "view-strip", "aria-hidden": "true" });
  const track = make("div", { class: "track strip", hidden: true }, strip);
  const note = make("span", { class: "view-note", hidden: true });
  const element = make("div", { class: "picture" }, make("div", { class: "picture-top" }, canvas, note), track, caption);
  return { canvas, strip, track, note, element };
}

function noteOf(layer) {
  if (!layer.spatial) return "Knows when, not where";
  return layer.flags.map((flag) => VOID[flag]).find(Boolean) || "";
}

function drawView(view, layer) {
  const context = view.canvas.getContext("2d");
  drawFrame(context, state.frame);
  const painted = Boolean(layer.sheet);
  view.note.textContent = noteOf(layer);
  view.note.hidden = state.raw || !view.note.textContent;
  view.track.hidden = layer.spatial;
  if (painted && !state.raw) {
    const values = maps.get(layer.sheet);
    if (!(values instanceof Uint8Array)) {
      load(layer.sheet);
      return;
    }
    if (!brushes.has(layer.sheet)) brushes.set(layer.sheet, new MapBrush(data.size, data.sheets[layer.sheet]));
    brushes.get(layer.sheet).draw(context, values, state.frame, tables[state.scale], state.opacity);
  }
  view.canvas.dataset.frame = state.frame;
  view.canvas.dataset.layer = painted && !state.raw ? `${layer.model}/${layer.name}` : "";
}

function load(sheet) {
  if (maps.has(sheet)) return;
  maps.set(sheet, openMaps(sheet, data.sheets[sheet]).then((values) => {
    maps.set(sheet, values);
    draw();
  }));
}
