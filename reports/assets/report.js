"use strict";

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
  byId("fold").addEventListener("click", () => fold(!isFolded()));
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

const FAINT = 0.25;     // of a map's strongest frame: what is less can hardly be seen

/** Where the page opens, if its address does not say: on the first gloss that has a map, where that is strongest in its
 *  frames, or in the clip where it is faint in these; without such a gloss where the clip is strongest. */
function openAtStrongest() {
  const layer = layers[state.layer];
  const its = (models.find((model) => model.name === layer.model).alone || []).filter((each) => each.layers[layer.name] && each.layers[layer.name].sheet);
  const first = its.reduce((one, other) => (one && one.frames[0] <= other.frames[0] ? one : other), null);
  const { energy } = first ? first.layers[layer.name] : layer;
  const [from, stop] = first ? first.frames : [0, frames];
  const highest = Math.max(...energy), inside = Math.max(0, ...energy.slice(from, stop));
  state.frame = inside > FAINT * highest ? energy.indexOf(inside, from) : Math.max(0, energy.indexOf(highest));
  state.gloss = first ? glosses.find((gloss) => gloss.model === layer.model && gloss.id === first.span) || null : null;
}

async function start() {
  showHead();
  showStage();
  showLanes();
  showTabs();
  if (data.regions && data.regions.total) showShares(byId("shares"), data.regions, models);
  showMatrices(byId("matrices"), models);
  showMade(byId("made"), preds, models);
  byId("parts").hidden = !models.some((model) => parted(model.name));
  openAtStrongest();
  if (location.hash.length > 1) recall();
  listen();
  showAll();
  foldToFit();
  themeButton(byId("theme"));
  await openParts();
  drawFrame = await openFrames(data.sheets.frame);
  draw();
}

start();
