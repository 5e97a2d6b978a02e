"use strict";

function cardOf(row) {
  return make("section", { class: `pair ${kindOf(row)}` }, headOf(row),
    make("button", { type: "button", class: "bare open", title: "Show it larger; the wheel zooms", onclick: () => openViewer(row) }, bothOf(row)),
    make("p", { class: "said", text: wordsOf(row) }),
    make("p", { class: "links" }, make("a", { href: address(row, "figure.png"), text: "all maps" }), make("a", { href: address(row, "scores.json"), text: "scores.json" })));
}

function show() {
  settle();
  const shown = shownRows();
  byId("pairs").replaceChildren(...shown.slice(0, state.most).map(cardOf));
  byId("none").hidden = shown.length > 0;
  byId("more").hidden = shown.length <= state.most;
  byId("more").textContent = `Show all ${shown.length} pairs`;
  showOpacity();
  if (byId("viewer").open) showViewer();
}

function showOpacity() {
  document.documentElement.style.setProperty("--laid", state.opacity);
}

function start() {
  byId("heading").textContent = title;
  byId("facts").textContent = facts;
  byId("totals").append(...totals.map(([name, value]) => make("div", { class: "total" }, make("b", { text: value }), make("span", { text: name }))));
  drawLegend(byId("legend"), pixelTable(scale, false));
  byId("verdict-tool").hidden = rows.every((row) => kindOf(row) === "unknown");
  for (const what of ["target", "method", "layer", "verdict"]) byId(what).addEventListener("change", (event) => { state[what] = event.target.value; show(); });
  byId("opacity").addEventListener("input", (event) => { state.opacity = event.target.value / 100; showOpacity(); });
  byId("search").addEventListener("input", (event) => { state.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean); show(); });
  byId("more").addEventListener("click", () => { state.most = Infinity; show(); });
  document.addEventListener("keydown", (event) => {
    if (!byId("viewer").open || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
    event.preventDefault();
    stepViewer(event.key === "ArrowRight" ? 1 : -1);
  });
  themeButton(byId("theme"));
  show();
}

start();
