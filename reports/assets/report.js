"use strict";

const data = JSON.parse(byId("data").textContent);
const { frames, models, preds } = data;
const fps = preds.fps || 25;
const layers = models.flatMap((model) => model.layers.map((layer) => ({ ...layer, model: model.name })));
const tables = Object.fromEntries(Object.entries(data.scales).map(([name, hex]) => [name, pixelTable(hex)]));
const state = { frame: 0, layer: Math.max(0, layers.findIndex((layer) => layer.spatial)), all: false, raw: false,
  opacity: preds.settings && preds.settings.alpha >= 0 ? preds.settings.alpha : 0.5, scale: "viridis", lanes: "energy", playing: false };
let drawFrame = null;
let waiting = false;

const singleView = makeView(data.size, null);
const gridViews = layers.map((layer, index) => {
  const caption = make("div", { class: "caption" }, make("code", { text: layer.name }), flagsOf(layer));
  const view = makeView(data.size, caption);
  view.button = make("button", { type: "button", class: "bare cell", title: `Show ${layer.name} alone`,
    onclick: () => { state.all = false; choose(index); } }, view.element);
  return view;
});

// Everything that shows a moment listens to `draw`; nothing else moves.
function draw() {
  if (waiting || !drawFrame) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    const { frame } = state;
    if (state.all) layers.forEach((layer, index) => drawView(gridViews[index], layer));
    else { drawView(singleView, layers[state.layer]); showNow(); }
    document.documentElement.style.setProperty("--at", (frame + 0.5) / frames);
    byId("lanes").dataset.frame = frame;
    byId("scrubber").value = frame;
    byId("scrubber").setAttribute("aria-valuetext", `frame ${frame} of ${frames}`);
    byId("clock").textContent = `${String(frame).padStart(String(frames - 1).length, "0")} / ${frames - 1} · ${(frame / fps).toFixed(2)} s`;
    for (const row of layerRows) row.say(frame);
    for (const button of glossButtons) {
      button.classList.toggle("now", button.span.start <= frame && frame < button.span.stop);
    }
    singleView.canvas.setAttribute("aria-label", `Frame ${frame}, ${layers[state.layer].name}`);
  });
}

function seek(frame) {
  state.frame = clamp(frame, 0, frames - 1);
  draw();
}

function pause() { state.playing = false; showPlaying(); }

function jump(span) {
  pause();
  seek(Math.floor((span.start + span.stop - 1) / 2));
}

function choose(index) {
  state.layer = index;
  showMode();
}

function step(by) { pause(); seek(state.frame + by); }

function play() {
  if (state.playing) { pause(); return; }
  state.playing = true;
  showPlaying();
  const first = state.frame >= frames - 1 ? 0 : state.frame;
  let from = first, began = null, speed = 0;
  const tick = (now) => {
    if (!state.playing) return;
    const wanted = Number(byId("speed").value);
    if (began === null || wanted !== speed) {           // a new speed counts from here
      from = began === null ? first : state.frame;
      began = now;
      speed = wanted;
    }
    const frame = from + Math.floor(((now - began) / 1000) * fps * speed);
    seek(frame);
    if (frame >= frames - 1) pause();
    else requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

function showPlaying() {
  byId("play-shape").setAttribute("d", state.playing ? "M3.5 2.5h3.4v11H3.5zM9.1 2.5h3.4v11H9.1z" : "M4 2.5v11l9-5.5z");
  byId("play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
}

function showMode() {
  byId("one").setAttribute("aria-pressed", !state.all);
  byId("all").setAttribute("aria-pressed", state.all);
  byId("single").hidden = state.all;
  byId("grid").hidden = !state.all;
  document.querySelectorAll("#choice input").forEach((input) => { input.checked = Number(input.value) === state.layer; });
  layerRows.forEach((row, index) => row.classList.toggle("chosen", !state.all && index === state.layer));
  const layer = layers[state.layer];
  if (!layer.spatial) drawStrip(singleView.strip, layer.energy, tables[state.scale]);
  draw();
}

function showScale() {
  const table = tables[state.scale];
  drawLegend(byId("legend"), table);
  layers.forEach((layer, index) => {
    if (!layer.spatial) drawStrip(gridViews[index].strip, layer.energy, table);
    layerRows[index].show(state.lanes, table);
  });
  byId("lane-energy").setAttribute("aria-pressed", state.lanes === "energy");
  byId("lane-regions").setAttribute("aria-pressed", state.lanes === "regions");
  byId("lane-key").replaceChildren(...(state.lanes === "regions"
    ? data.regions.names.map((name) => make("span", {}, make("span", { class: `dot ${name}` }), name))
    : ["Energy is the mean of a map over the frame; each row reaches to its own peak."]));
  showMode();
}

function showOpacity(opacity) {
  state.opacity = opacity;
  byId("opacity").value = 100 * opacity;
  byId("opacity-value").textContent = `${Math.round(100 * opacity)}%`;
  draw();
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
  const rows = byId("readings");
  const sentence = (label, entries, figures) => {
    const words = make("div", { class: "sentence" });
    for (const entry of entries) {
      const verdict = verdictClass(entry.verdict);
      const button = make("button", { type: "button", class: `bare word ${verdict}`, text: entry.gloss,
        title: SAID[entry.verdict], disabled: entry.start === undefined, onclick: () => jump(entry) });
      if (entry.start !== undefined) { button.span = entry; glossButtons.push(button); }
      words.append(button);
    }
    if (!entries.length) words.append(make("span", { class: "soft", text: "nothing read" }));
    rows.append(make("div", { class: "reading" }, make("div", { class: "who" }, make("h2", { text: label }), figures), words));
  };
  if (preds.truth) sentence("Truth", truthSpans(), null);
  for (const model of models) {
    const { wer } = preds.models[model.name];
    sentence(model.title, model.reading, wer ? make("span", { class: "wer", title: wordsOfWer(wer) },
      make("b", { text: `${rateOf(wer).toFixed(1)}%` }), " WER") : null);
  }
  if (preds.truth) {
    byId("verdict-key").append(...VERDICTS.slice(1).map((verdict) => make("span", { class: `word ${verdict}`, text: verdict })));
  }
}

/** The truth with its frames, where a model could align it: of the model that knows most of its glosses. */
function truthSpans() {
  const most = models.reduce((best, model) => (model.truth.length > best.length ? model.truth : best), []);
  let place = 0;
  return (preds.truth || []).map((gloss) => {
    if (place < most.length && most[place].gloss === gloss) return most[place++];
    return { gloss };
  });
}

/** What is true, and what each model reads, at this very frame; and where the chosen layer looks. */
function showNow() {
  const at = (spans) => (spans || []).find((span) => span.verdict !== "deleted" && span.start <= state.frame && state.frame < span.stop);
  const said = (name, span) => make("div", {}, make("dt", { text: name }), make("dd", {},
    span ? make("span", { class: `word ${verdictClass(span.verdict)}`, text: span.gloss }) : make("span", { class: "soft", text: "–" })));
  const layer = layers[state.layer];
  const shares = layer.shares_over_time ? layer.shares_over_time[state.frame] : null;
  byId("now").replaceChildren(
    make("h3", { text: "At this frame" }),
    make("dl", {}, preds.truth ? said("truth", at(truthSpans())) : null, ...models.map((model) => said(model.title, at(model.reading)))),
    shares ? stack(data.regions.names, shares, sharesInWords(data.regions.names, shares)) : null,
    shares ? make("p", { class: "key" }, ...data.regions.names.map((name, index) => make("span", {},
      make("span", { class: `dot ${name}` }), `${name} `, make("b", { text: percent(shares[index]) })))) : null);
}

function showStage() {
  byId("single-view").append(singleView.element);
  const choice = byId("choice"), grid = byId("grid");
  let index = 0;
  for (const model of models) {
    const list = make("fieldset", {}, make("legend", { text: model.title }));
    const cells = make("div", { class: "cells" });
    for (const layer of model.layers) {
      const at = index;
      const shares = layer.shares ? stack(data.regions.names, layer.shares, sharesInWords(data.regions.names, layer.shares)) : null;
      list.append(make("label", { class: "layer" },
        make("input", { type: "radio", name: "layer", value: at, onchange: () => choose(at) }),
        make("code", { text: layer.name }), flagsOf(layer), shares));
      cells.append(gridViews[at].button);
      index += 1;
    }
    choice.append(list);
    grid.append(make("h2", { text: model.title }), cells);
  }
  for (const name of Object.keys(tables)) {
    const safe = name === "viridis" || name === "cividis" ? " (colour-blind safe)" : "";
    byId("scale").append(make("option", { value: name, text: name + safe }));
  }
  const reach = { clip: "the clip’s strongest place", frame: "the frame’s strongest place" }[preds.models[models[0].name].normalise];
  byId("legend").setAttribute("aria-label", `Colour scale from 0, nothing, to 1, ${reach || "the strongest place"}`);
  byId("legend-high").textContent = reach ? `1, ${reach}` : "1";
}

function showLanes() {
  const rows = byId("lane-rows");
  rows.append(axisLane(frames, fps));
  const names = data.regions ? data.regions.names : [];
  let index = 0;
  for (const model of models) {
    rows.append(make("h3", { class: "lane-model", text: model.title }));
    if (model.truth.length) rows.append(glossLane("truth, aligned", model.truth, frames, jump));
    rows.append(glossLane("read", model.reading, frames, jump));
    for (const layer of model.layers) {
      const at = index;
      const row = layerLane(layer, frames, names, () => { state.all = false; choose(at); });
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
  byId("one").addEventListener("click", () => { state.all = false; showMode(); });
  byId("all").addEventListener("click", () => { state.all = true; showMode(); });
  byId("lane-energy").addEventListener("click", () => { state.lanes = "energy"; showScale(); });
  byId("lane-regions").addEventListener("click", () => { state.lanes = "regions"; showScale(); });
  byId("scale").addEventListener("change", (event) => { state.scale = event.target.value; showScale(); });
  byId("opacity").addEventListener("input", (event) => { showOpacity(Number(event.target.value) / 100); });
  for (const held of [byId("raw"), singleView.canvas]) {
    held.addEventListener("pointerdown", () => holdRaw(true));
    held.addEventListener("keydown", (event) => { if (event.key === " " || event.key === "Enter") holdRaw(true); });
    held.addEventListener("keyup", () => holdRaw(false));
    held.addEventListener("blur", () => holdRaw(false));
  }
  for (const end of ["pointerup", "pointercancel", "blur"]) window.addEventListener(end, () => holdRaw(false));
  document.addEventListener("keydown", onKey);
  document.addEventListener("keyup", (event) => { if (event.key === "r" || event.key === "R") holdRaw(false); });
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const at = event.target;
  const own = at.matches("select, input:not(#scrubber)");       // these use arrows themselves
  const by = event.shiftKey ? 10 : 1;
  const deeds = {
    ArrowLeft: own ? null : () => step(-by), ArrowRight: own ? null : () => step(by),
    " ": own || at.matches("button, summary") ? null : play,
    r: () => holdRaw(true), R: () => holdRaw(true),
    a: () => { state.all = !state.all; showMode(); }, A: () => { state.all = !state.all; showMode(); },
  };
  if (!deeds[event.key]) return;
  event.preventDefault();
  deeds[event.key]();
}

async function start() {
  showHead();
  showStage();
  showLanes();
  if (data.regions && data.regions.total) showShares(byId("shares"), data.regions, models);
  showMade(byId("made"), preds, models);
  listen();
  showOpacity(state.opacity);
  showScale();
  themeButton(byId("theme"));
  drawFrame = await openFrames(data.sheets.frame);
  draw();
}

start();
