"use strict";

const { title, facts, totals, rows, scale } = JSON.parse(byId("data").textContent);
const MARKS = { right: "\u2713 right", wrong: "\u2717 wrong", unknown: "" };
const NO_TARGET = "none";       // of maps that need none: shown whatever target is chosen
const MOST = 60;                // pairs that are laid out before more are asked for
const state = { target: "", method: "", layer: "", opacity: 1, verdict: "", words: [], most: MOST };

const unique = (values) => [...new Set(values)];
const everyMap = rows.flatMap((row) => row.maps);
const isOfTarget = (map) => map.target === state.target || map.target === NO_TARGET;
const choices = {
  target: () => { const named = unique(everyMap.map((map) => map.target)); return named.some((name) => name !== NO_TARGET) ? named.filter((name) => name !== NO_TARGET) : named; },
  method: () => unique(everyMap.filter(isOfTarget).map((map) => map.method)),
  layer: () => unique(everyMap.filter((map) => isOfTarget(map) && map.method === state.method).map((map) => map.layer)),
};

/** What there is depends on what was chosen before: targets, then methods of it, then layers of these. */
function settle() {
  for (const what of ["target", "method", "layer"]) {
    const found = choices[what]();
    if (!found.includes(state[what])) state[what] = found[0] || "";
    byId(what).replaceChildren(...found.map((name) => make("option", { value: name, text: name })));
    byId(what).value = state[what];
    byId(what).disabled = found.length < 2;
  }
}

const mapOf = (row, picture) => row.maps.find((map) => map.picture === picture && isOfTarget(map) && map.method === state.method && map.layer === state.layer);
const address = (row, file) => [row.folder, ...file.split("/")].map(encodeURIComponent).join("/");

/** A picture with its map over it, as much as the slider says; and what there is to say of the map. */
function pictureOf(row, index) {
  const name = [row.query, row.match][index], map = mapOf(row, name);
  const ground = make("img", { src: address(row, row.files[index]), alt: name, decoding: "async" });
  const laid = map ? make("img", { class: "laid", src: address(row, map.file), alt: `${map.method} of ${map.layer} on it`, decoding: "async" }) : null;
  const note = map ? map.flags.join(", ") : "no such map";
  return make("span", { class: "tile" }, ground, laid, note ? make("span", { class: "view-note", text: note }) : null);
}

/** Both pictures of a pair. */
const bothOf = (row) => make("span", { class: "both" }, pictureOf(row, 0), pictureOf(row, 1));

const wordsOf = (row) => { const map = mapOf(row, row.query) || mapOf(row, row.match); return map ? map.words : "no map of this target, method and layer"; };

function headOf(row) {
  return make("h2", {}, make("b", { text: row.similarity.toFixed(3) }), make("span", { class: "names" }, ...breakable(row.query), " \u2192 ", ...breakable(row.match)),
    row.rank ? make("span", { class: "soft", text: `rank ${row.rank}` }) : null, make("span", { class: "mark", text: MARKS[row.verdict] || "" }));
}

const kindOf = (row) => (MARKS[row.verdict] === undefined ? "unknown" : row.verdict);

function shownRows() {
  return rows.filter((row) => (!state.verdict || row.verdict === state.verdict)
    && state.words.every((word) => `${row.query} ${row.match}`.toLowerCase().includes(word)));
}
