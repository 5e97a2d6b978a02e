"use strict";

const parted = (name) => (preds.models[name] || {}).parts || null;
let partLabels = null;                  // pixels of the sheet of labels, once it is decoded
const whenRows = [];

/** The figures of a gloss; without one, or where it has none, those of the first that has any. */
function partsShown() {
  const name = state.gloss ? state.gloss.model : everything[state.layer].model;
  const told = parted(name);
  if (!told || !told.glosses.length) return { name, told, own: null };
  const own = state.gloss && ofSide(told.glosses.filter((each) => each.about.span === state.gloss.id)
    .map((each) => ({ ...each, side: each.about.side || null })));
  return { name, told, own: own || told.glosses[0] };
}

/** A bar for each part; pressed, the picture shows where the part lies. */
function showParts() {
  const box = byId("parts");
  if (box.hidden) return;
  const { name, told, own } = partsShown();
  const model = models.find((each) => each.name === name);
  const head = make("div", { class: "panel-head" }, make("h2", { text: "Read from" }), make("p", { class: "key", text: own ? `${own.about.gloss}, ${model.title}` : model.title }));
  const notes = told ? told.notes || [] : [`no parts of ${model.title}`];
  box.replaceChildren(head, ...(own ? [own.sentence ? make("p", { text: own.sentence }) : null, bars(own), figuresInWords(told, own)].filter(Boolean) : []),
    ...notes.map((note) => make("p", { class: "soft small", text: note })));
  whenRows.forEach((row) => row.of(row.model === name ? own : own && nearest(own, row.model)));
}

/** What another model has in most of a gloss's frames. */
function nearest(own, name) {
  const its = parted(name).glosses.filter((each) => sharedFrames(each.about, own.about) > 0);
  return its.reduce((best, each) => (best && sharedFrames(best.about, own.about) >= sharedFrames(each.about, own.about) ? best : each), null);
}

function bars(own) {
  const values = own.parts.map((part) => part.value || 0);
  const most = Math.max(...values.map(Math.abs), 1e-9), gained = own.score - own.hidden;
  const low = Math.max(0, -Math.min(...values)), across = low + Math.max(0, ...values) || 1;
  const amount = (value) => (value === undefined ? "" : value.toFixed(2).replace("-0.00", "0.00"));
  const rows = own.parts.map((part) => {
    const there = part.value !== undefined;
    const bar = make("i", { class: part.value < 0 ? "against" : "for" });
    bar.style.left = `${(100 * (low + Math.min(0, part.value || 0))) / across}%`;
    bar.style.width = `${(100 * Math.abs(part.value || 0)) / across}%`;
    const share = own.about.side || gained <= 0 ? "" : `${Math.round((100 * (part.value || 0)) / gained)}%`;
    const row = make("button", { type: "button", class: "bare part", disabled: !there, "data-part": part.name, "aria-pressed": String(state.part === part.name),
      title: there ? `${part.name}: ${amount(part.value)} of ${gained.toFixed(2)} (largest ${most.toFixed(2)}). Show where it lies` : `${part.name} is not in the picture`,
      onclick: () => { state.part = state.part === part.name ? null : part.name; showParts(); draw(); } },
    make("span", { class: "name", text: part.name }), there ? make("span", { class: "bar-track" }, bar) : make("span", { class: "soft", text: "not in the picture" }),
    make("b", { text: there ? share || amount(part.value) : "" }), make("span", { class: "soft", text: amount(part.alone) }), make("span", { class: "soft", text: amount(part.without) }));
    return row;
  });
  const top = own.about.side || gained <= 0 ? "value" : "share";
  return make("div", { class: "parts", role: "group", "aria-label": "Parts" }, make("div", { class: "part top soft", "aria-hidden": "true" },
    make("span", { text: "" }), make("span", { text: "" }), make("span", { text: top }), make("span", { text: "alone" }), make("span", { text: "without" })), ...rows);
}

function figuresInWords(told, own) {
  const sum = own.parts.reduce((total, part) => total + (part.value || 0), 0);
  const adds = own.parts.length ? `Together ${sum.toFixed(2)}: the score ${own.score.toFixed(2)} minus ${own.hidden.toFixed(2)} of the hidden clip. Alone: gained when only this part is shown; without: lost when only this part is hidden. ` : "";
  return make("p", { class: "soft small", text: `${adds}Score: ${own.about.words}; it ${told.asks}.` });
}

/** A lane: what the gloss chosen loses when each stretch of the clip is hidden. */
function whenLane(model) {
  const told = parted(model.name);
  if (!told || !told.glosses.some((each) => each.when.length)) return null;
  const track = make("div", { class: "track chart" });
  const row = lane("when-lane", make("span", { text: `lost without ${told.stretch} frames` }), track);
  row.model = model.name;
  row.of = (own) => {
    row.lost = own ? Array.from({ length: frames }, (_, frame) => own.score - own.when[Math.floor(frame / told.stretch)]) : [];
    const positive = row.lost.map((value) => Math.max(0, value));
    track.replaceChildren(...(own ? [stretchChart(positive, Math.max(...positive, 1e-9))] : []));
    track.title = own ? `${own.about.gloss}: what its score loses when these frames are hidden` : "";
  };
  row.say = (frame) => { row.lastChild.textContent = row.lost && row.lost.length ? row.lost[frame].toFixed(2) : ""; };
  whenRows.push(row);
  return row;
}

function stretchChart(values, peak) {
  let d = `M0 1`;
  values.forEach((value, frame) => { d += `V${(1 - value / peak).toFixed(4)}H${frame + 1}`; });
  return chart(values.length, path(`${d}V1z`, "energy"));
}

/** Over the picture: all but the part that is chosen in the dark. */
function drawPart(context) {
  if (!state.part || !partLabels || state.raw) return;
  const { names, side, columns, spread } = data.parts;
  const wanted = names.indexOf(state.part) * spread;
  const mask = make("canvas", { width: side, height: side });
  const inside = mask.getContext("2d"), pixels = inside.createImageData(side, side);
  const left = (state.frame % columns) * side, top = Math.floor(state.frame / columns) * side;
  for (let row = 0; row < side; row += 1) {
    for (let column = 0; column < side; column += 1) {
      const label = partLabels.data[4 * ((top + row) * partLabels.width + left + column)];
      pixels.data[4 * (row * side + column) + 3] = label === wanted ? 0 : 165;
    }
  }
  inside.putImageData(pixels, 0, 0);
  context.save();
  context.imageSmoothingEnabled = false;
  context.drawImage(mask, 0, 0, context.canvas.width, context.canvas.height);
  context.restore();
}

async function openParts() {
  if (!data.parts) return;
  const image = new Image();
  image.src = data.parts.picture;
  await image.decode();
  const canvas = make("canvas", { width: image.width, height: image.height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  partLabels = context.getImageData(0, 0, image.width, image.height);
}
