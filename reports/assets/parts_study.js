"use strict";

const partClass = (name) => `part-${name.replace(/ /g, "-")}`;
const VERDICT_ORDER = [...VERDICTS, "not judged"];

/** The panel of what glosses were read from: a row a group, a piece of its bar for each part, and its intervals. */
function showPartsStudy(panel, found, titles) {
  panel.hidden = !found.length;
  if (!found.length) return;
  const seen = { at: 0, kind: "model" };
  const titleOf = (each) => titles[each.model] || each.model;
  const groupsOf = () => {
    if (seen.kind === "model") return found.flatMap((told) => told.groups.model.map((group) => ({ group, told, name: titleOf(told) })));
    const told = found[seen.at];
    const groups = told.groups[seen.kind].map((group) => ({ group, told, name: group.name }));
    return seen.kind === "verdict" ? groups.sort((one, other) => VERDICT_ORDER.indexOf(one.name) - VERDICT_ORDER.indexOf(other.name)) : groups;
  };
  const body = make("tbody", { role: "rowgroup" }), asks = make("p", { class: "soft small" });
  const heads = ["Group", "Glosses", "Share of what all parts give"];
  const row = make("tr", { role: "row", class: "study-heads" }, ...heads.map((text) => make("th", { role: "columnheader", scope: "col", text })));
  function show() {
    const rows = groupsOf();
    model.hidden = seen.kind === "model" || found.length < 2;
    const contrast = rows.some(({ told }) => told.contrast);
    row.lastChild.textContent = contrast ? "Log-odds for what was read" : "Share of what all parts give";
    const ends = rows.flatMap(({ group }) => [endsOf(group.parts)]);
    const low = Math.min(0, ...ends.map((each) => each[0])), high = Math.max(contrast ? 1e-6 : 1, ...ends.map((each) => each[1]));
    body.replaceChildren(...rows.map(({ group, told, name }) => make("tr", { role: "row" },
      make("td", {}, make("details", {}, make("summary", { text: name }), ...group.sequences.map((sequence) => make("a", { href: `${encodeURIComponent(sequence)}/report.html`, text: sequence })))),
      make("td", { class: "number", text: group.count }),
      make("td", {}, ...(group.parts.some(Boolean) ? [partsBar(told, group.parts, low, high), figuresOf(told, group.parts)] : [make("span", { class: "soft", text: "no more likely than in the hidden clip" })])))));
    const ways = [...new Set(rows.map(({ told }) => told.asks))];
    asks.textContent = ways.length < 2 ? `It ${ways[0]}.` : rows.map(({ told }) => `${titleOf(told)} ${told.asks}.`).join(" ");
  }
  const model = make("select", { "aria-label": "Model", onchange: (event) => { seen.at = Number(event.target.value); show(); } },
    ...found.map((each, at) => make("option", { value: at, text: titleOf(each) })));
  const kind = make("select", { "aria-label": "Groups of what glosses were read from", onchange: (event) => { seen.kind = event.target.value; show(); } },
    ...["model", "verdict", "gloss", "signer"].map((name) => make("option", { value: name, text: `by ${name}` })));
  panel.append(make("div", { class: "tools" }, make("h2", { text: "What glosses were read from" }), kind, model,
    make("p", { class: "soft", text: "Shapley values of the parts, with 95% intervals over clips (bootstrap)." })),
  make("table", { role: "table", class: "study parts-study", "aria-label": "Parts by group" }, make("thead", { role: "rowgroup" }, row), body), asks);
  show();
}

/** Where a bar begins and ends: what speaks against lies left of zero. */
function endsOf(parts) {
  const values = parts.filter(Boolean).map((part) => part[0]);
  return [values.reduce((sum, value) => sum + Math.min(0, value), 0), values.reduce((sum, value) => sum + Math.max(0, value), 0)];
}

function amountOf(told, value) {
  const size = told.contrast ? Math.abs(value).toFixed(2) : `${Math.round(100 * Math.abs(value))}%`;
  const sign = Number.parseFloat(size) === 0 ? "" : value < 0 ? "−" : told.contrast ? "+" : "";
  return sign + size;
}

function partsBar(told, parts, low, high) {
  const at = (value) => (100 * (value - low)) / (high - low);
  const said = told.names.map((name, place) => (parts[place] ? `${name} ${amountOf(told, parts[place][0])}` : "")).filter(Boolean).join(", ");
  const bar = make("div", { class: "parts-bar", role: "img", "aria-label": said });
  let [up, down] = [0, 0];
  told.names.forEach((name, place) => {
    const value = parts[place] ? parts[place][0] : 0;
    if (!value) return;
    const start = value > 0 ? up : down + value;
    const piece = make("i", { class: partClass(name), title: `${name} ${amountOf(told, value)}` });
    piece.style.left = `${at(start)}%`;
    piece.style.width = `${at(start + Math.abs(value)) - at(start)}%`;
    bar.append(piece);
    if (value > 0) up += value; else down += value;
  });
  const zero = make("u");
  zero.style.left = `${at(0)}%`;
  bar.append(zero);
  return bar;
}

/** Each part's figure with the ends of its interval; one that is in no picture says so. */
function figuresOf(told, parts) {
  return make("p", { class: "parts-figures" }, ...told.names.map((name, place) => {
    const [value, from, to] = parts[place] || [];
    const absent = told.absent.includes(name);
    return make("span", {}, make("i", { class: `dot ${partClass(name)}` }), `${name} `, absent ? make("span", { class: "soft", text: "not in the picture" }) : make("b", { text: amountOf(told, value) }),
      !absent && from < to ? make("span", { class: "soft", text: ` ${amountOf(told, from)} to ${amountOf(told, to)}` }) : null);
  }));
}
