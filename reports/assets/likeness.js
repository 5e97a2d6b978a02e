"use strict";

const { title, facts, totals, rows } = JSON.parse(byId("data").textContent);
const MARKS = { right: "\u2713 right", wrong: "\u2717 wrong", unknown: "" };

byId("heading").textContent = title;
byId("facts").textContent = facts;
byId("totals").append(...totals.map(([name, value]) => make("div", { class: "total" }, make("b", { text: value }), make("span", { text: name }))));
byId("pairs").append(...rows.map((row) => make("section", { class: `pair ${MARKS[row.verdict] === undefined ? "unknown" : row.verdict}` },
  make("h2", {}, make("b", { text: row.similarity.toFixed(3) }), make("span", { text: `${row.query} \u2192 ${row.match}` }),
    row.rank ? make("span", { class: "soft", text: `rank ${row.rank}` }) : null,
    make("span", { class: "mark", text: MARKS[row.verdict] || "" })),
  row.folder ? make("a", { href: `${encodeURIComponent(row.folder)}/scores.json`, text: "scores.json" }) : null,
  ...row.notes.map((note) => make("p", { text: note })),
  row.folder ? make("img", { src: `${encodeURIComponent(row.folder)}/figure.png`, loading: "lazy", alt: `maps of ${row.query} and ${row.match}` }) : null)));
themeButton(byId("theme"));
