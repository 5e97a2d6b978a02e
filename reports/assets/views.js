"use strict";

const maps = new Map();                 // sheet name -> Uint8Array [n, h, w], or a promise of it
const brushes = new Map();              // sheet name -> MapBrush

/** What a layer is, in a few words, and what is wrong with its map. */
function flagsOf(layer) {
  const box = make("span", { class: "flags" });
  if (layer.kind) box.append(make("span", { class: "tag", text: layer.kind }));
  if (layer.check) box.append(make("span", { class: "tag", text: layer.check.verdict, title: layer.check.words }));
  for (const flag of layer.flags) box.append(make("span", { class: "flag", text: flag }));
  return box;
}

/** One picture: a frame with a layer's map over it and, for layers without a place, their strip under it. */
function makeView([height, width], caption) {
  const canvas = make("canvas", { width, height, role: "img" });
  const strip = make("canvas", { class: "view-strip", "aria-hidden": "true" });
  const track = make("div", { class: "track strip", hidden: true }, strip);
  const note = make("span", { class: "view-note", hidden: true });
  const top = make("div", { class: "picture-top" }, canvas, note);
  return { canvas, strip, track, note, top, caption, element: make("div", { class: "picture" }, top, track, caption) };
}

function noteOf(layer, frame) {
  if (layer.seen && (frame < layer.seen[0] || frame >= layer.seen[1])) return "frame not seen";
  return layer.note || (layer.spatial ? "" : "knows when, not where");
}

const boxOf = (layer) => (layer.sheet ? sheetOf(layer).box : layer.box || [0, data.size[0], 0, data.size[1]]);
const sheetOf = (layer) => sheets[layer.sheet];

function drawView(view, layer) {
  const context = view.canvas.getContext("2d");
  drawFrame(context, state.frame);
  view.note.textContent = noteOf(layer, state.frame);
  view.note.hidden = state.raw || !view.note.textContent;
  view.track.hidden = layer.spatial;
  const unseen = layer.seen && (state.frame < layer.seen[0] || state.frame >= layer.seen[1]);
  if (!state.raw && (layer.spatial || unseen)) greyOut(context, boxOf(layer), unseen);
  const painted = Boolean(layer.sheet);
  if (painted && !state.raw && !unseen) {
    const values = maps.get(layer.sheet);
    if (!(values instanceof Uint8Array)) {
      load(layer.sheet);
      return;
    }
    if (!brushes.has(layer.sheet)) brushes.set(layer.sheet, new MapBrush(sheetOf(layer)));
    brushes.get(layer.sheet).draw(context, values, state.frame, { table: tables[state.scale], opacity: state.opacity, perFrame: state.perFrame });
  }
  drawPart(context);
  view.canvas.dataset.frame = state.frame;
  view.canvas.dataset.layer = painted && !state.raw ? layer.id : "";
  view.canvas.setAttribute("aria-label", `Frame ${state.frame}, ${layer.name}`);
}

function load(sheet) {
  if (maps.has(sheet)) return;
  maps.set(sheet, openMaps(sheet, sheets[sheet]).then((values) => {
    maps.set(sheet, values);
    draw();
  }));
}
