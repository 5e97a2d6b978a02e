"use strict";

const data = JSON.parse(byId("data").textContent);
const { frames, models, preds } = data;
const fps = preds.fps || 25;
const sheets = { ...data.sheets, ...(data.beside ? data.beside.sheets : {}) };
const flat = (its, told, run) => its.flatMap((model) => model.layers.map((layer) => ({ ...layer, run, title: model.title,
  id: `${run ? "beside:" : ""}${model.name}/${layer.name}`, model: model.name, target: (told.models[model.name] || {}).target })));
const layers = flat(models, preds, "");                 // of this run: they have lanes and a place in the grid
const everything = [...layers, ...(data.beside ? flat(data.beside.models, data.beside.preds, data.beside.name) : [])];
const glosses = models.flatMap((model) => model.reading.map((span) => ({ ...span, model: model.name, guess: isGuess(preds, model) })));
const settings = preds.settings || {};
const tables = Object.fromEntries(Object.entries(data.scales).map(([name, hex]) => [name, pixelTable(hex, settings.blend !== "even")]));
const solid = Object.fromEntries(Object.entries(data.scales).map(([name, hex]) => [name, pixelTable(hex, false)]));
const state = { frame: 0, layer: opening(models[0]), second: data.beside ? opening(data.beside.models[0], data.beside.name) : opening(models[models.length - 1]), mode: data.beside ? "two" : "one", raw: false,
  opacity: settings.alpha >= 0 ? settings.alpha : 0.85, scale: tables[settings.colormap] ? settings.colormap : "turbo",
  perFrame: preds.models[models[0].name].normalise === "frame", lanes: "energy", tab: "", whole: false, playing: false, gloss: null, part: null, side: "read", loop: false, active: "layer" };

/** Of the first method asked for: a map of the input or a joint map, which find the evidence best where it is known;
    else the deepest layer that has a place and a map: where the most evidence comes together. */
function opening(model, run = "") {
  const its = everything.map((layer, index) => ({ layer, index })).filter(({ layer }) => layer.model === model.name && layer.run === run);
  const cells = ({ layer }) => (layer.cells ? layer.cells[0] * layer.cells[1] : Infinity);
  const spatial = its.filter(({ layer }) => layer.spatial && layer.sheet);
  const drawn = spatial.filter(({ layer }) => layer.method === spatial[0].layer.method);
  const best = drawn.find(({ layer }) => layer.kind === "joint map" || /(^|[./])input$/.test(layer.name)) || drawn.reduce((one, other) => (one && cells(one) <= cells(other) ? one : other), null);
  return (best || its[0]).index;
}

/** What a run is called where two stand beside each other; of one alone nothing. */
const nameOf = (run) => run || (data.beside ? data.beside.ours : "");
const titleIn = (run, model) => (nameOf(run) ? `${nameOf(run)}: ${model.title}` : model.title);
