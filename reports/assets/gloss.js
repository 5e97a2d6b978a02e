"use strict";

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
  if (!anyAlone()) return layer;      // nothing was explained on its own
  return { ...layer, lacks: mine ? `no separate map of ${state.gloss.gloss}; ` : `no separate map at the time of ${state.gloss.gloss}; ` };
}

/** What a view's map explains, in words. */
function explainedBy(layer) {
  return [nameOf(layer.run), layer.check && `${layer.check.verdict} on this clip`, layer.target ? `${layer.lacks || ""}explains ${layer.target}` : "", layer.made, layer.check && layer.check.words].filter(Boolean).join("; ");
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

const anyAlone = () => models.some((model) => (model.alone || []).length > 0);

function showGloss() {
  for (const button of glossButtons) {
    button.classList.toggle("chosen", Boolean(state.gloss) && button.span.model === state.gloss.model && button.span.id === state.gloss.id);
  }
  loop(state.loop);
  const own = state.gloss && aloneOf(state.gloss);
  const sides = own ? models.find((model) => model.name === state.gloss.model).alone
    .filter((each) => each.span === own.span).map((each) => each.side) : [];
  // Out of sight, yet with their room kept, so that nothing under them moves.
  byId("sides").style.visibility = sides.length < 2 ? "hidden" : "";
  byId("for-read").setAttribute("aria-pressed", state.side === "read");
  byId("for-true").setAttribute("aria-pressed", state.side === "true");
  byId("whole").style.visibility = own ? "" : "hidden";
  layerRows.forEach((row, index) => row.of(asShown(index), state.lanes, solid[state.scale]));
  showParts();
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
