"use strict";

const viewer = { row: null, views: [] };

/** A pair as large as the screen: the wheel goes into both pictures, arrows lead to the pairs before and after. */
function openViewer(row) {
  viewer.row = row;
  zoom.by = 1;
  showViewer();
  if (!byId("viewer").open) byId("viewer").showModal();
}

function showViewer() {
  const { row } = viewer;
  const tiles = bothOf(row);
  viewer.views = [...tiles.children].map((tile) => {
    const canvas = make("span", { class: "moved" }, ...tile.querySelectorAll("img"));
    tile.prepend(canvas);
    return { top: tile, canvas };
  });
  viewer.views.forEach((view) => zoomOn(view, viewer.views));
  byId("viewer").replaceChildren(
    make("div", { class: "viewer-top" }, headOf(row), make("form", { method: "dialog" }, make("button", { text: "Close" }))),
    tiles,
    make("p", { class: "soft", text: [state.target, state.method, state.layer].filter(Boolean).join(", ") + `: ${wordsOf(row)}` }),
    ...row.notes.map((note) => make("p", { class: "soft", text: note })),
    make("p", { class: "links" }, ...["figure.png", "scores.json"].map((file) => make("a", { href: address(row, file), text: file === "figure.png" ? "all maps of this pair" : file }))));
}

function stepViewer(by) {
  const shown = shownRows();
  const next = shown[shown.indexOf(viewer.row) + by];
  if (next) openViewer(next);
}
