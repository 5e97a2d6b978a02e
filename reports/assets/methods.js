"use strict";

/** Where several methods made maps, one is looked at at a time; its layers alone are listed, by their own names. */
const methods = [...new Set(everything.map((layer) => layer.method).filter(Boolean))];
const ownName = (layer) => (layer.method ? layer.name.slice(layer.method.length + 1) : layer.name);

/** The same layer by this method, in the view that is active; where it has none, its first with a map in space. */
function chooseMethod(method) {
  const now = everything[state[state.active]];
  const its = everything.map((layer, index) => ({ layer, index }))
    .filter(({ layer }) => layer.model === now.model && layer.run === now.run && layer.method === method);
  const next = its.find(({ layer }) => ownName(layer) === ownName(now)) || its.find(({ layer }) => layer.sheet) || its[0];
  if (next) choose(next.index, state.active);
}

function showMethod() {
  if (methods.length < 2) return;
  const { method } = everything[state[state.active]];
  byId("method").value = method;
  document.querySelectorAll("#choice input").forEach((input) => { input.parentElement.hidden = everything[input.value].method !== method; });
  layerRows.forEach((row, index) => { row.hidden = layers[index].method !== method; });
  gridViews.forEach((view, index) => { view.button.hidden = layers[index].method !== method; });
}

function showMethods() {
  byId("methods").hidden = methods.length < 2;
  byId("method").append(...methods.map((name) => make("option", { value: name, text: name })));
  byId("method").onchange = (event) => chooseMethod(event.target.value);
}
