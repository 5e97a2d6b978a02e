"use strict";

function perFrame(on) {
  state.perFrame = on;
  showScale();
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
  byId("legend-high").textContent = `1, ${state.perFrame ? "each frame’s" : "the clip’s"} strongest value`;
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
