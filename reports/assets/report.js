"use strict";

const data = JSON.parse(byId("data").textContent);
const { frames, models, preds } = data;
const fps = preds.fps || 25;
const sheets = { ...data.sheets, ...(data.beside ? data.beside.sheets : {}) };
const flat = (its, told, run) => its.flatMap((model) => model.layers.map((layer) => ({ ...layer, run, title: model.title,
  id: `${run ? "beside:" : ""}${model.name}/${layer.name}`, model: model.name, target: (told.models[model.name] || {}).target })));
const layers = flat(models, preds, "");                 // of this run: they have lanes and a place in the grid
const everything = [...layers, ...(data.beside ? flat(data.beside.models, data.beside.preds, data.beside.name) : [])];
const glosses = models.flatMap((model) => model.reading.map((span) => ({ ...span, model: model.name })));
const settings = preds.settings || {};
const tables = Object.fromEntries(Object.entries(data.scales).map(([name, hex]) => [name, pixelTable(hex, settings.blend !== "even")]));
const solid = Object.fromEntries(Object.entries(data.scales).map(([name, hex]) => [name, pixelTable(hex, false)]));
const state = { frame: 0, layer: opening(models[0]), second: data.beside ? opening(data.beside.models[0], data.beside.name) : opening(models[models.length - 1]), mode: data.beside ? "two" : "one", raw: false,
  opacity: settings.alpha >= 0 ? settings.alpha : 0.85, scale: tables[settings.colormap] ? settings.colormap : "turbo",
  perFrame: preds.models[models[0].name].normalise === "frame", lanes: "energy", playing: false, gloss: null, side: "read", loop: false, active: "layer" };
let drawFrame = null;
let waiting = false;

/** The deepest layer of a model that has a place and a map: where the most evidence comes together. */
function opening(model, run = "") {
  const its = everything.map((layer, index) => ({ layer, index })).filter(({ layer }) => layer.model === model.name && layer.run === run);
  const cells = ({ layer }) => (layer.cells ? layer.cells[0] * layer.cells[1] : Infinity);
  const best = its.filter(({ layer }) => layer.spatial && layer.sheet).reduce((one, other) => (one && cells(one) <= cells(other) ? one : other), null);
  return (best || its[0]).index;
}

const views = ["layer", "second"].map((place) => {
  const select = make("select", { "aria-label": "Layer of this view", onchange: (event) => { choose(Number(event.target.value), place); } });
  const caption = make("figcaption", { class: "caption" }, select, make("span", { class: "soft explained" }));
  const view = { ...makeView(data.size, caption), select, place };
  view.top.addEventListener("pointerdown", () => { state.active = place; showMode(); });
  return view;
});
const [singleView, secondView] = views;
/** A gloss explained on its own: the entry that tells of it, of the side that is asked for where there are two. */
function aloneOf(gloss) {
  return ofSide((models.find((model) => model.name === gloss.model).alone || []).filter((each) => each.span === gloss.id));
}

const ofSide = (its) => its.find((each) => each.side === state.side) || its[0] || null;
const sharedFrames = (one, other) => Math.min(one.frames[1], other.frames[1]) - Math.max(one.frames[0], other.frames[0]);

/** What another model, or the same one in another run, explained on its own in most of a gloss's frames. */
function aloneThere(gloss, model) {
  const its = (model.alone || []).filter((each) => sharedFrames(each, gloss) > 0);
  if (!its.length) return null;
  const most = its.reduce((best, each) => (sharedFrames(each, gloss) > sharedFrames(best, gloss) ? each : best));
  return ofSide(its.filter((each) => each.span === most.span));
}

/** A layer as it is shown: of the gloss chosen, in every model; where a model has no map of it, that is said. */
function asShown(index) {
  const layer = everything[index];
  if (!state.gloss) return layer;
  const mine = !layer.run && state.gloss.model === layer.model;
  const model = (layer.run ? data.beside.models : models).find((each) => each.name === layer.model);
  const own = mine ? aloneOf(state.gloss) : aloneThere(state.gloss, model);
  if (own && own.layers[layer.name]) {
    return { ...layer, sheet: undefined, ...own.layers[layer.name], id: `${layer.id}#${own.id}`, target: own.words };
  }
  if (!models.some((each) => (each.alone || []).length)) return layer;      // nothing was explained on its own
  return { ...layer, lacks: mine ? `no map of ${state.gloss.gloss} on its own; ` : `nothing of its own at ${state.gloss.gloss}; ` };
}

/** What a view's map explains, in words. */
function explainedBy(layer) {
  return layer.target ? `${layer.lacks || ""}explains ${layer.target}` : "";
}

const shownViews = () => (state.mode === "two" ? views : [singleView]);
const gridViews = layers.map((layer, index) => {
  const words = make("span", { class: "soft explained" });
  const caption = make("div", { class: "caption" }, make("code", { text: layer.name }), flagsOf(layer), words);
  const view = { ...makeView(data.size, caption), words };
  view.button = make("button", { type: "button", class: "bare cell", title: `Show ${layer.name} alone`,
    onclick: () => { state.mode = "one"; choose(index, "layer"); } }, view.element);
  return view;
});

// Everything that shows a moment listens to `draw`; nothing else moves.
function draw() {
  if (waiting || !drawFrame) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    const { frame } = state;
    if (state.mode === "all") layers.forEach((layer, index) => drawView(gridViews[index], asShown(index)));
    else for (const view of shownViews()) drawView(view, asShown(state[view.place]));
    showNow();
    document.documentElement.style.setProperty("--at", (frame + 0.5) / frames);
    byId("lanes").dataset.frame = frame;
    byId("scrubber").value = frame;
    byId("scrubber").setAttribute("aria-valuetext", `frame ${frame} (0 to ${frames - 1})`);
    byId("clock").textContent = `${String(frame).padStart(String(frames - 1).length, "0")} / ${frames - 1} · ${(frame / fps).toFixed(2)} s`;
    for (const row of layerRows) row.say(frame);
    for (const button of glossButtons) {
      button.classList.toggle("now", button.span.frames[0] <= frame && frame < button.span.frames[1]);
    }
  });
}

function seek(frame) {
  state.frame = clamp(frame, 0, frames - 1);
  draw();
  remember();
}

/** Goes to a gloss; one that a model read is chosen too, for its loop. */
function jump(span) {
  pause();
  state.gloss = glosses.find((each) => each.model === span.model && each.id === span.id) || null;
  const inSight = (state.mode === "two" ? ["layer", "second"] : [state.active]).map((place) => everything[state[place]]);
  if (state.gloss && aloneOf(state.gloss) && !inSight.some((layer) => !layer.run && layer.model === state.gloss.model)) {
    state[state.active] = opening(models.find((model) => model.name === state.gloss.model));
  }
  showGloss();
  seek(Math.floor((span.frames[0] + span.frames[1] - 1) / 2));
}

function nextGloss(by) {
  const model = state.gloss ? state.gloss.model : everything[state.layer].model;
  const its = glosses.filter((each) => each.model === model);
  if (!its.length) return;
  const after = its.findIndex((each) => each.frames[0] >= state.frame);
  const at = state.gloss ? its.indexOf(state.gloss) + by : by > 0 ? (after < 0 ? its.length - 1 : after) : (after < 0 ? its.length : after) - 1;
  jump(its[clamp(at, 0, its.length - 1)]);
}

function showGloss() {
  for (const button of glossButtons) {
    button.classList.toggle("chosen", Boolean(state.gloss) && button.span.model === state.gloss.model && button.span.id === state.gloss.id);
  }
  loop(state.loop);
  const own = state.gloss && aloneOf(state.gloss);
  const sides = own ? models.find((model) => model.name === state.gloss.model).alone
    .filter((each) => each.span === own.span).map((each) => each.side) : [];
  byId("sides").hidden = sides.length < 2;
  byId("for-read").setAttribute("aria-pressed", state.side === "read");
  byId("for-true").setAttribute("aria-pressed", state.side === "true");
  byId("whole").hidden = !own;
  layerRows.forEach((row, index) => row.of(asShown(index), state.lanes, solid[state.scale]));
  showMode();
}

/** Of a contrast: the map for what was read, or for what was true. */
function showSide(side) {
  state.side = side;
  showGloss();
}

/** Back to the maps of all that was explained. */
function leaveGloss() {
  state.gloss = null;
  showGloss();
}

function choose(index, place = state.mode === "two" ? state.active : "layer") {
  state[place] = index;
  state.active = place;
  showMode();
}

function setMode(mode) {
  state.mode = mode;
  showMode();
}

function perFrame(on) {
  state.perFrame = on;
  showScale();
}

function showMode() {
  for (const mode of ["one", "two", "all"]) byId(mode).setAttribute("aria-pressed", state.mode === mode);
  byId("desk").dataset.mode = state.mode;
  byId("views").hidden = state.mode === "all";
  byId("second-view").hidden = state.mode !== "two";
  byId("grid").hidden = state.mode !== "all";
  if (state.mode !== "two") state.active = "layer";
  for (const view of views) {
    const layer = asShown(state[view.place]);
    view.select.value = state[view.place];
    view.caption.lastChild.textContent = explainedBy(layer);
    view.element.classList.toggle("active", state.mode === "two" && state.active === view.place);
    if (!layer.spatial) drawStrip(view.strip, layer.energy, solid[state.scale]);
  }
  layers.forEach((_, index) => {
    const layer = asShown(index);
    if (!layer.spatial) drawStrip(gridViews[index].strip, layer.energy, solid[state.scale]);
    gridViews[index].words.textContent = layer.lacks ? explainedBy(layer) : "";
  });
  const chosen = state[state.active];
  document.querySelectorAll("#choice input").forEach((input) => { input.checked = Number(input.value) === chosen; });
  layerRows.forEach((row, index) => row.classList.toggle("chosen", state.mode !== "all" && index === chosen));
  draw();
  remember();
}

function showScale() {
  const table = solid[state.scale];
  byId("scale").value = state.scale;
  drawLegend(byId("legend"), table);
  layers.forEach((layer, index) => {
    layerRows[index].of(asShown(index), state.lanes, table);
  });
  byId("by-clip").setAttribute("aria-pressed", !state.perFrame);
  byId("by-frame").setAttribute("aria-pressed", state.perFrame);
  byId("legend-high").textContent = `1, ${state.perFrame ? "each frame’s" : "the clip’s"} strongest place`;
  byId("legend").setAttribute("aria-label", `Colour scale from 0, nothing, to ${byId("legend-high").textContent}`);
  byId("lane-energy").setAttribute("aria-pressed", state.lanes === "energy");
  byId("lane-regions").setAttribute("aria-pressed", state.lanes === "regions");
  byId("lane-key").replaceChildren(...(state.lanes === "regions"
    ? data.regions.names.map((name) => make("span", {}, make("span", { class: `dot ${name}` }), name))
    : ["Mean of a map over the frame, each row to its own peak; numbers are this frame’s."]));
  showMode();
}

function showOpacity(opacity) {
  state.opacity = opacity;
  byId("opacity").value = 100 * opacity;
  byId("opacity-value").textContent = `${Math.round(100 * opacity)}%`;
  draw();
  remember();
}

function holdRaw(on) {
  if (state.raw === on) return;
  state.raw = on;
  byId("raw").setAttribute("aria-pressed", on);
  draw();
}

// --- the page -------------------------------------------------------------------------------------------------------

const layerRows = [];
const glossButtons = [];

function showHead() {
  byId("sequence").append(...breakable(preds.sequence));
  byId("facts").textContent = [preds.split, preds.signer, `${frames} frames`, `${(frames / fps).toFixed(1)} s at ${fps} fps`]
    .filter(Boolean).join(" · ");
  if (preds.video) byId("facts").after(make("ul", { class: "soft video" }, ...preds.video.lines.map((text) => make("li", { text }))));
  const here = encodeURIComponent(preds.sequence);
  byId("links").append(...[["index", "../index.html"], ["← previous clip", `../index.html#before=${here}`],
    ["next clip →", `../index.html#after=${here}`], ...data.files.map((file) => [file, file])]
    .map(([text, href]) => make("a", { href, text })));
  const rows = byId("readings");
  const sentence = (label, entries, beside) => {
    const words = make("div", { class: "sentence" });
    for (const entry of entries) {
      const verdict = verdictClass(entry.verdict);
      const button = make("button", { type: "button", class: `bare word ${verdict}`, text: entry.gloss,
        title: [SAID[entry.verdict], entry.by && `placed by ${entry.by}`].filter(Boolean).join(", ") || null,
        disabled: entry.frames === undefined, onclick: () => jump(entry) });
      if (entry.frames !== undefined) { button.span = entry; glossButtons.push(button); }
      words.append(button);
    }
    if (!entries.length) words.append(make("span", { class: "soft", text: "nothing read" }));
    rows.append(make("div", { class: "reading" }, make("div", { class: "who" }, make("h2", { text: label }), beside), words));
  };
  if (preds.truth) sentence("Truth", truthSpans(), null);
  for (const model of models) {
    const { wer, wer_authors: theirs } = preds.models[model.name];
    sentence(model.title, glosses.filter((each) => each.model === model.name), wer ? make("span", { class: "wer", title: wordsOfWer(wer) },
      make("b", { text: `${rateOf(wer).toFixed(1)}%` }), " WER", theirs ? make("span", { class: "theirs", title: wordsOfWer(theirs), text: whoseWer(wer, theirs) }) : null) : null);
  }
  if (preds.truth) {
    byId("verdict-key").append(...VERDICTS.slice(1).map((verdict) => make("span", { class: `word ${verdict}`, text: verdict })));
  }
}

/** The truth with its frames, where a model could align it: of the model that knows most of its glosses. */
function truthSpans() {
  const most = models.reduce((best, model) => (model.truth.length > best.truth.length ? model : best), models[0]);
  return (preds.truth || []).map((gloss, place) => {
    const span = most.truth.find((each) => each.id === `true-${place + 1}`);
    return span ? { ...span, by: most.title } : { gloss };
  });
}

/** What each model reads at this very frame, and which true gloss it aligns there; and where the chosen layer looks. */
function showNow() {
  const at = (spans) => (spans || []).find((span) => span.verdict !== "deleted" && span.frames[0] <= state.frame && state.frame < span.frames[1]);
  const word = (span) => (span ? make("span", { class: `word ${verdictClass(span.verdict)}`, text: span.gloss }) : make("span", { class: "soft", text: "no gloss" }));
  const cells = (model, run) => [make("dt", { text: run ? `${run}: ${model.title}` : model.title }), make("dd", {}, word(at(model.reading))),
    preds.truth ? make("dd", { class: "soft aligned" }, "truth, by its own alignment: ", word(at(model.truth))) : null];
  const layer = asShown(state[state.active]);
  const shares = layer.shares_over_time ? layer.shares_over_time[state.frame] : null;
  byId("now").replaceChildren(...[
    make("h2", { text: "At this frame" }),
    make("dl", {}, ...models.map((model) => make("div", {}, ...cells(model).filter(Boolean))),
      ...(data.beside ? data.beside.models : []).map((model) => make("div", {}, ...cells(model, data.beside.name).filter(Boolean)))),
    shares ? stack(data.regions.names, shares, sharesInWords(data.regions.names, shares)) : null,
    shares ? make("p", { class: "key" }, make("span", { text: `${layer.name}:` }), ...data.regions.names.map((name, index) => make("span", {},
      make("span", { class: `dot ${name}` }), `${name} `, make("b", { text: percent(shares[index]) })))) : null].filter(Boolean));
}

function showStage() {
  byId("single-view").append(singleView.element);
  byId("second-view").append(secondView.element);
  const choice = byId("choice"), grid = byId("grid");
  let index = 0;
  for (const [model, run] of [...models.map((each) => [each, ""]), ...(data.beside ? data.beside.models.map((each) => [each, data.beside.name]) : [])]) {
    const title = run ? `${run}: ${model.title}` : model.title;
    const list = make("fieldset", {}, make("legend", { text: title }));
    const cells = make("div", { class: "cells" });
    for (const layer of model.layers) {
      const at = index;
      const shares = layer.shares && data.regions ? stack(data.regions.names, layer.shares, sharesInWords(data.regions.names, layer.shares)) : null;
      list.append(make("label", { class: "layer" },
        make("input", { type: "radio", name: "layer", value: at, onchange: () => { if (state.mode === "all") state.mode = "one"; choose(at); } }),
        make("code", { text: layer.name }), flagsOf(layer), layer.looks ? make("span", { class: "looks", text: layer.looks }) : null,
        layer.evidence ? make("span", { class: "looks worth", text: layer.evidence }) : null, shares));
      if (!run) cells.append(gridViews[at].button);
      index += 1;
    }
    choice.append(list);
    if (!run) grid.append(make("h2", { text: title }), cells);
    for (const view of views) {
      const group = make("optgroup", { label: title });
      everything.forEach((layer, at) => {
        if (layer.model === model.name && layer.run === run) group.append(make("option", { value: at, text: layer.name }));
      });
      view.select.append(group);
    }
  }
  byId("choice-key").textContent = layers.some((layer) => layer.shares) ? "Bars: where each map lies over the whole clip." : "";
  for (const name of Object.keys(tables)) {
    const safe = name === "viridis" || name === "cividis" ? " (colour-blind safe)" : "";
    byId("scale").append(make("option", { value: name, text: name + safe }));
  }
  byId("key-list").append(...KEYS.map(([key, deed]) => make("div", {}, make("dt", { text: key }), make("dd", { text: deed }))));
}

function showLanes() {
  const rows = byId("lane-rows");
  rows.append(axisLane(frames, fps));
  const names = data.regions ? data.regions.names : [];
  let index = 0;
  for (const model of models) {
    rows.append(make("h3", { class: "lane-model", text: model.title }));
    if (model.truth.length) rows.append(glossLane("truth, aligned", model.truth, frames, jump));
    rows.append(glossLane("read", glosses.filter((each) => each.model === model.name), frames, jump));
    for (const layer of model.layers) {
      const at = index;
      const row = layerLane(layer, frames, names, () => { if (state.mode === "all") state.mode = "one"; choose(at); });
      layerRows.push(row);
      rows.append(row);
      index += 1;
    }
  }
  rows.querySelectorAll(".gloss").forEach((button) => glossButtons.push(button));
  byId("lane-kinds").hidden = !layers.some((layer) => layer.shares_over_time);
  const layOut = () => rows.querySelectorAll(".track").forEach((track) => track.layOut && track.layOut());
  new ResizeObserver(layOut).observe(rows);
  scrubOn(rows, frames, (frame) => { pause(); seek(frame); });
}

function listen() {
  byId("scrubber").max = frames - 1;
  byId("scrubber").addEventListener("input", (event) => { pause(); seek(Number(event.target.value)); });
  byId("back").addEventListener("click", () => step(-1));
  byId("forward").addEventListener("click", () => step(1));
  byId("play").addEventListener("click", play);
  byId("loop").addEventListener("click", () => { loop(!state.loop); remember(); });
  for (const mode of ["one", "two", "all"]) byId(mode).addEventListener("click", () => setMode(mode));
  byId("by-clip").addEventListener("click", () => perFrame(false));
  byId("by-frame").addEventListener("click", () => perFrame(true));
  byId("lane-energy").addEventListener("click", () => { state.lanes = "energy"; showScale(); });
  byId("lane-regions").addEventListener("click", () => { state.lanes = "regions"; showScale(); });
  byId("scale").addEventListener("change", (event) => { state.scale = event.target.value; showScale(); });
  byId("opacity").addEventListener("input", (event) => { showOpacity(Number(event.target.value) / 100); });
  byId("save").addEventListener("click", saveView);
  byId("whole").addEventListener("click", leaveGloss);
  byId("for-read").addEventListener("click", () => showSide("read"));
  byId("for-true").addEventListener("click", () => showSide("true"));
  byId("help").addEventListener("click", () => byId("keys").showModal());
  for (const view of views) zoomOn(view, views);
  for (const held of [byId("raw"), ...views.map((view) => view.canvas)]) {
    held.addEventListener("pointerdown", () => { if (held === byId("raw") || zoom.by === 1) holdRaw(true); });
    held.addEventListener("keydown", (event) => { if (event.key === " " || event.key === "Enter") holdRaw(true); });
    held.addEventListener("keyup", () => holdRaw(false));
    held.addEventListener("blur", () => holdRaw(false));
  }
  for (const end of ["pointerup", "pointercancel", "blur"]) window.addEventListener(end, () => holdRaw(false));
  document.addEventListener("keydown", onKey);
  document.addEventListener("keyup", (event) => { if (event.key === "r" || event.key === "R") holdRaw(false); });
  // What was pressed by a pointer lets go of the keys again, so that arrows and space go on moving through time.
  document.addEventListener("click", (event) => {
    if (event.detail && document.activeElement.matches("button, input[type='radio'], input[type='range'], summary")) document.activeElement.blur();
  });
  document.addEventListener("change", (event) => { if (event.target.matches("select")) event.target.blur(); });
  window.addEventListener("hashchange", () => { recall(); showAll(); });
}

function showAll() {
  showOpacity(state.opacity);
  showGloss();
  showScale();
}

/** Where the page opens, if its address does not say: where the first gloss that has a map is strongest, else the clip. */
function openAtStrongest() {
  const layer = layers[state.layer];
  const its = (models.find((model) => model.name === layer.model).alone || []).filter((each) => each.layers[layer.name] && each.layers[layer.name].sheet);
  const first = its.reduce((one, other) => (one && one.frames[0] <= other.frames[0] ? one : other), null);
  const [from, stop] = first ? first.frames : [0, frames];
  const energy = (first ? first.layers[layer.name] : layer).energy.slice(from, stop);
  state.frame = clamp(from + energy.indexOf(Math.max(...energy)), 0, frames - 1);
}

async function start() {
  showHead();
  showStage();
  showLanes();
  if (data.regions && data.regions.total) showShares(byId("shares"), data.regions, models);
  showMatrices(byId("matrices"), models);
  showMade(byId("made"), preds, models);
  openAtStrongest();
  recall();
  listen();
  showAll();
  themeButton(byId("theme"));
  drawFrame = await openFrames(data.sheets.frame);
  draw();
}

start();
