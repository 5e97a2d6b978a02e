"use strict";

const TOGETHER = 2;     // models whose lanes and layers are shown at once; of more there is a tab each

function showTabs() {
  const tabs = byId("tabs");
  tabs.hidden = models.length <= TOGETHER;
  if (tabs.hidden) return;
  state.tab = models[0].name;
  for (const [name, title] of [...models.map((model) => [model.name, model.title]), ["", "All"]]) {
    tabs.append(make("button", { type: "button", "data-tab": name, text: title, onclick: () => openTab(name) }));
  }
}

/** Another model's lanes and layers, and the picture of its deepest layer. */
function openTab(name) {
  state.tab = name;
  if (name && everything[state[state.active]].model !== name) choose(opening(models.find((model) => model.name === name)));
  else showMode();
}

/** A layer chosen in another way brings the tab of the network it belongs to. */
function showTab(chosen) {
  if (state.tab && state.mode !== "all") state.tab = chosen.model;
  document.querySelectorAll("[data-tab]").forEach((button) => button.setAttribute("aria-pressed", button.dataset.tab === state.tab));
  document.querySelectorAll("[data-model]").forEach((part) => { part.hidden = Boolean(state.tab) && part.dataset.model !== state.tab; });
}
