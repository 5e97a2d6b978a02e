"use strict";

const views = ["layer", "second"].map((place) => {
  const select = make("select", { "aria-label": "Layer of this view", onchange: (event) => { choose(Number(event.target.value), place); } });
  const caption = make("figcaption", { class: "caption" }, select, make("button", { type: "button", class: "bare soft explained",
    onclick: () => { state.whole = !state.whole; showMode(); } }));
  const view = { ...makeView(data.size, caption), select, place };
  view.top.addEventListener("pointerdown", () => { state.active = place; showMode(); });
  return view;
});
const [singleView, secondView] = views;
const shownViews = () => (state.mode === "two" ? views : [singleView]);
const gridViews = layers.map((layer, index) => {
  const words = make("span", { class: "soft explained" });
  const caption = make("div", { class: "caption" }, make("code", { text: layer.name }), flagsOf(layer), words);
  const view = { ...makeView(data.size, caption), words };
  view.button = make("button", { type: "button", class: "bare cell", title: `Show ${layer.name} alone`,
    onclick: () => { state.mode = "one"; choose(index, "layer"); } }, view.element);
  return view;
});

function choose(index, place = state.mode === "two" ? state.active : "layer") {
  state[place] = index;
  state.active = place;
  showMode();
}

function setMode(mode) {
  state.mode = mode;
  showMode();
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
    const words = view.caption.lastChild;
    words.textContent = words.title = explainedBy(layer);
    words.classList.toggle("whole", state.whole);
    words.setAttribute("aria-expanded", state.whole);
    view.element.classList.toggle("active", state.mode === "two" && state.active === view.place);
    if (!layer.spatial) drawStrip(view.strip, layer.energy, solid[state.scale]);
  }
  layers.forEach((_, index) => {
    const layer = asShown(index);
    if (!layer.spatial) drawStrip(gridViews[index].strip, layer.energy, solid[state.scale]);
    gridViews[index].words.textContent = layer.lacks ? explainedBy(layer) : "";
  });
  const chosen = state[state.active];
  showTab(everything[chosen]);
  document.querySelectorAll("#choice input").forEach((input) => { input.checked = Number(input.value) === chosen; });
  layerRows.forEach((row, index) => row.classList.toggle("chosen", state.mode !== "all" && index === chosen));
  showMethod();
  draw();
  remember();
}

const IN_A_ROW = 5;     // pictures of all layers; networks with few share a row

function showStage() {
  showMethods();
  byId("gloss-tools").hidden = !anyAlone();
  byId("sides").hidden = !models.some((model) => (model.alone || []).some((each) => each.side));
  document.documentElement.style.setProperty("--across", data.size[1] / data.size[0]);
  byId("single-view").append(singleView.element);
  byId("second-view").append(secondView.element);
  const choice = byId("choice"), grid = byId("grid");
  let index = 0;
  for (const [model, run] of [...models.map((each) => [each, ""]), ...(data.beside ? data.beside.models.map((each) => [each, data.beside.name]) : [])]) {
    const title = titleIn(run, model);
    const list = make("fieldset", { "data-model": model.name }, make("legend", { text: title }));
    const cells = make("div", { class: "cells" });
    for (const layer of model.layers) {
      const at = index;
      const shares = layer.shares && data.regions ? stack(data.regions.names, layer.shares, sharesInWords(data.regions.names, layer.shares)) : null;
      list.append(make("label", { class: "layer" },
        make("input", { type: "radio", name: "layer", value: at, onchange: () => { if (state.mode === "all") state.mode = "one"; choose(at); } }),
        make("code", { text: layer.name }), flagsOf(layer), layer.looks ? make("span", { class: "looks", text: layer.looks }) : null,
        layer.made ? make("span", { class: "looks", text: layer.made }) : null,
        layer.evidence ? make("span", { class: "looks worth", text: layer.evidence }) : null, shares));
      if (!run) cells.append(gridViews[at].button);
      index += 1;
    }
    choice.append(list);
    if (!run) {
      const part = make("section", {}, make("h2", { text: title }), cells);
      part.style.setProperty("--count", Math.min(model.layers.length, IN_A_ROW));
      grid.append(part);
    }
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
