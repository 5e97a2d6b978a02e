"use strict";

const { run, coming, models, rows, regions, layers, study, parts } = JSON.parse(byId("data").textContent);
const titleOf = (model) => (rows.find((row) => row.models[model] && row.models[model].title) || { models: { [model]: {} } }).models[model].title || model;
const titles = Object.fromEntries(models.map((model) => [model, titleOf(model)]));
const state = { sort: "sequence", down: false, which: "all", split: "", words: [],
  // a map of the input or a joint map, as the pages of clips open; else the last one asked for: the deepest, as layers stand in order
  layer: Object.fromEntries(models.map((model) => [model, layers[model].find((name) => /(^|[./])(joint|input)$/.test(name)) || layers[model][layers[model].length - 1]])) };

// --- what a row says ------------------------------------------------------------------------------------------------

const werOf = (row, model) => row.models[model] && row.models[model].wer;
const sharesOf = (row, model) => (row.models[model] && row.models[model].shares[state.layer[model]]) || null;
const flagged = (row) => Object.values(row.models).reduce((sum, model) => sum + Object.keys(model.flags).length, 0);
const judged = (row) => models.filter((model) => werOf(row, model));

/** Columns that sort: a number or a text for each row; null goes last either way. */
const columns = [
  { key: "sequence", name: "Sequence", of: (row) => row.sequence },
  { key: "frames", name: "Frames", of: (row) => row.frames },
  ...models.map((model) => ({ key: `wer ${model}`, name: `WER, ${titles[model]}`, of: (row) => (werOf(row, model) ? rateOf(werOf(row, model)) : null) })),
  ...models.map((model) => ({ key: `hands ${model}`, name: `On the hands, ${titles[model]}`, of: (row) => (sharesOf(row, model) ? sharesOf(row, model)[0] : null) })),
  { key: "flags", name: "Flags", of: flagged },
];

const KINDS = {
  all: ["All", () => true],
  errors: ["With errors", (row) => judged(row).some((model) => errorsOf(werOf(row, model)) > 0)],
  right: ["All right", (row) => judged(row).length > 0 && judged(row).every((model) => errorsOf(werOf(row, model)) === 0)],
  flagged: ["Flagged", (row) => flagged(row) > 0],
};

const searched = (row) => [row.sequence, row.signer, ...(row.truth || []),
  ...Object.values(row.models).flatMap((model) => model.reading.map(([gloss]) => gloss))].filter(Boolean).join(" ").toLowerCase();

// --- a row's cells --------------------------------------------------------------------------------------------------

/** Right glosses are one run of text; only errors are elements of their own, so that hundreds of rows stay light. */
function sentence(reading, guess) {
  const line = make("span", { class: guess ? "sentence soft" : "sentence" }, guess ? make("span", { class: "guess", text: "guess" }) : null);
  let run = "";
  for (const [gloss, verdict] of reading) {
    if (verdictClass(verdict) === "right" || verdictClass(verdict) === "unjudged") {
      run += `${gloss} `;
    } else {
      line.append(run, make("span", { class: `word ${verdict}`, text: gloss, title: SAID[verdict] }), " ");
      run = "";
    }
  }
  line.append(run);
  if (!reading.length) line.append(make("span", { class: "soft", text: "nothing read" }));
  return line;
}

function rowElement(row) {
  const cell = (className, ...children) => make("td", { role: "cell", class: className }, ...children);
  const target = row.page ? `${encodeURIComponent(row.folder)}/report.html` : null;
  const name = target ? make("a", { href: target }, ...breakable(row.sequence)) : make("span", {}, ...breakable(row.sequence));
  const picture = row.thumbnail
    ? make("img", { src: `${encodeURIComponent(row.folder)}/thumbnail.jpg`, alt: "", loading: "lazy", width: 72, height: 72 }) : make("span", { class: "no-picture" });
  const readings = models.filter((model) => row.models[model]).map((model) => make("p", {}, make("span", { class: "who", text: titles[model] }), sentence(row.models[model].reading, row.models[model].guess)));
  const truth = row.truth ? make("p", { class: "truth" }, make("span", { class: "who", text: "truth" }), make("span", { class: "sentence", text: row.truth.join(" ") })) : null;
  const flags = Object.entries(row.models).flatMap(([model, its]) => Object.entries(its.flags)
    .map(([layer, found]) => make("span", { class: "flag", title: titles[model], text: `${layer}: ${found.join(", ")}` })));
  for (const [model, { checks }] of Object.entries(row.models)) {
    if (checks) flags.push(make("span", { class: "soft", title: `${titles[model]}: maps that hold on their clip, of those that were checked`, text: `${titles[model]}: ${checks.holds} of ${checks.of} maps hold` }));
  }
  row.measures = cell("measures", ...measures(row));
  return make("tr", { role: "row" }, cell("picture", picture),
    cell("name", name, make("p", { class: "soft", text: [row.split, row.signer, `${row.frames} frames`].filter(Boolean).join(" · ") }), flags.length ? make("p", { class: "flags" }, ...flags) : null),
    cell("readings", truth, ...readings), row.measures);
}

/** A line a model: its word error rate, and where the map of the layer chosen lies. */
function measures(row) {
  return models.map((model) => {
    const wer = werOf(row, model), shares = sharesOf(row, model), theirs = wer && row.models[model].wer_authors;
    return make("div", { class: "measure" }, make("span", { class: "who", text: titles[model] }),
      make("b", { text: wer ? `${rateOf(wer).toFixed(1)}%` : "–", title: wer ? [wordsOfWer(wer), whoseWer(wer, theirs)].filter(Boolean).join("; ") : "no truth" }),
      shares ? against(stack(regions, shares, sharesInWords(regions, shares)), row.cover && row.cover[0]) : make("span", { class: "soft", text: row.cover ? "no map" : "no keypoints" }),
      make("span", { class: "hands", text: shares ? percent(shares[0]) : "", title: shares ? sharesInWords(regions, shares) : null }));
  });
}

// --- sort, filter, totals -------------------------------------------------------------------------------------------

const collator = new Intl.Collator("de", { numeric: true });

function compare(one, other) {
  const { of } = columns.find((column) => column.key === state.sort);
  const left = of(one), right = of(other);
  if (left === null || right === null) return (left === null) - (right === null);
  const order = typeof left === "number" ? left - right : collator.compare(left, right);
  return (state.down ? -order : order) || collator.compare(one.sequence, other.sequence);
}

/** Where a model's maps lie, over the rows shown. */
function lookOf(shown, model) {
  const known = shown.filter((row) => sharesOf(row, model) && row.cover);
  if (!known.length) return null;
  const mean = (of) => known.reduce((sum, row) => sum + of(row), 0) / known.length;
  const shares = regions.map((_, index) => mean((row) => sharesOf(row, model)[index]));
  return make("div", {}, against(stack(regions, shares, sharesInWords(regions, shares)), mean((row) => row.cover[0])),
    make("small", { text: `${percent(shares[0])} of ${state.layer[model]} on the hands, which are ${percent(mean((row) => row.cover[0]))} of the picture` }));
}

function showTotals(shown) {
  const totals = byId("totals");
  const fact = (value, name, ...more) => make("div", { class: "total" }, make("b", { text: value }), make("span", { text: name }), ...more);
  const facts = [fact(shown.length === rows.length ? String(rows.length) : `${shown.length} of ${rows.length}`, "sequences",
    make("small", { text: `${shown.reduce((sum, row) => sum + (row.frames || 0), 0).toLocaleString("en")} frames` }))];
  for (const model of models) {
    const counts = shown.map((row) => werOf(row, model)).filter(Boolean);
    const own = shown.map((row) => werOf(row, model) && row.models[model].wer_authors).filter(Boolean);
    const whole = (told) => (told.length ? { ...Object.fromEntries(["sub", "ins", "del", "reference"]
      .map((key) => [key, told.reduce((total, each) => total + each[key], 0)])), rule: told[0].rule } : null);
    const wer = whole(counts), theirs = whole(own);
    const errorless = counts.filter((each) => errorsOf(each) === 0).length;
    facts.push(fact(wer ? `${rateOf(wer).toFixed(1)}%` : "–", `WER ${titles[model]}`, make("small", { title: wer ? wordsOfWer(wer) : null,
      text: wer ? `${wer.sub} sub, ${wer.ins} ins, ${wer.del} del of ${wer.reference} · ${errorless} all right` : shown.length ? "no truth" : "no sequence shown" }),
    theirs ? make("small", { title: wordsOfWer(theirs), text: whoseWer(wer, theirs) }) : null,
    lookOf(shown, model)));
  }
  const withFlags = shown.filter((row) => flagged(row) > 0).length;
  facts.push(fact(String(withFlags), "with flagged layers"));
  totals.replaceChildren(...facts);
}

const body = make("tbody", { role: "rowgroup" });
for (const row of rows) {
  row.element = rowElement(row);
  row.searched = searched(row);
}

function show() {
  const fits = KINDS[state.which][1];
  const shown = rows.filter((row) => fits(row) && (!state.split || row.split === state.split) && state.words.every((word) => row.searched.includes(word))).sort(compare);
  body.replaceChildren(...shown.map((row) => row.element));
  byId("none").hidden = shown.length > 0;
  document.querySelectorAll("#table th[data-key]").forEach((head) => {
    const mine = head.dataset.key === state.sort;
    head.setAttribute("aria-sort", mine ? (state.down ? "descending" : "ascending") : "none");
  });
  byId("sort").value = `${state.sort}${state.down ? " down" : ""}`;
  document.querySelectorAll("#which button").forEach((button) => button.setAttribute("aria-pressed", button.dataset.kind === state.which));
  showTotals(shown);
}

/** After another layer was chosen. */
function remeasure() {
  for (const row of rows) row.measures.replaceChildren(...measures(row));
  show();
}

/** A report leads to its neighbours by way of this page, which knows them: #before=FOLDER, #after=FOLDER. */
function passOn() {
  const words = new URLSearchParams(location.hash.slice(1));
  const [which, by] = words.has("before") ? ["before", -1] : ["after", 1];
  if (!words.has(which)) return;
  const pages = rows.filter((row) => row.page).sort((one, other) => collator.compare(one.sequence, other.sequence));
  const at = pages.findIndex((row) => row.sequence === words.get(which));
  const to = at < 0 ? null : pages[at + by];
  if (to) location.replace(`${encodeURIComponent(to.folder)}/report.html`);
}

function sortBy(key) {
  // Numbers are looked at from the top first, names from A.
  state.down = state.sort === key ? !state.down : key !== "sequence";
  state.sort = key;
  show();
}

const unique = (values) => [...new Set(values.filter(Boolean))];
const counted = (number) => `${number} ${number === 1 ? "sequence" : "sequences"}`;

/** What the maps are: made by which method, of which target. */
function asked() {
  const methodsOf = (model) => unique(rows.map((row) => row.models[model] && row.models[model].method)).join(" and ");
  const alike = unique(models.map(methodsOf)).length < 2;
  const methods = alike ? methodsOf(models[0]) : models.map((model) => `${titles[model]} ${methodsOf(model)}`).join(", ");
  const targets = unique(rows.map((row) => row.target)).join(" and ");
  return [methods && `method ${methods}`, targets && `target ${targets}`].filter(Boolean).join(" · ");
}

function showHead(splits) {
  byId("heading").textContent = models.length ? `${run}: ${models.map((model) => titles[model]).join(" and ")}` : run;
  byId("facts").textContent = [asked(), splits.join(", "), counted(rows.length), coming.length && `${coming.length} still to come`].filter(Boolean).join(" · ");
  document.title = [byId("heading").textContent, asked()].filter(Boolean).join(", ");
  byId("coming").hidden = !coming.length;
  byId("coming").firstElementChild.textContent = `${counted(coming.length)} still to come; the same command continues`;
  byId("coming").lastElementChild.textContent = coming.join("  ");
}

function start() {
  const splits = unique(rows.map((row) => row.split));
  showHead(splits);
  const head = (key, text) => make("th", { role: "columnheader", scope: "col", "data-key": key },
    make("button", { type: "button", class: "bare", text, onclick: () => sortBy(key) }));
  const chooser = (model) => {
    if (!layers[model].length) return make("span");
    const select = make("select", { "aria-label": `Layer of ${titles[model]}`, onchange: (event) => { state.layer[model] = event.target.value; remeasure(); } },
      ...layers[model].map((name) => make("option", { value: name, text: name })));
    select.value = state.layer[model];
    return select;
  };
  byId("table").append(make("thead", { role: "rowgroup" }, make("tr", { role: "row", class: "heads" },
    make("th", { class: "for-picture" }), make("th", { class: "for-name" }, head("sequence", "Sequence"), head("frames", "Frames"), head("flags", "Flags")),
    make("th", { class: "for-readings", text: "Glosses" }),
    make("th", { class: "for-measures" }, ...models.map((model) => make("div", { class: "measure" }, make("span", { class: "who", text: titles[model] }),
      head(`wer ${model}`, "WER"), make("div", {}, chooser(model), layers[model].length ? axis("0", "50", "100%") : null), head(`hands ${model}`, "hands")))))), body);
  byId("split").append(make("option", { value: "", text: "all" }), ...splits.map((split) => make("option", { value: split, text: split })));
  byId("split-tool").hidden = splits.length < 2;
  byId("split").addEventListener("change", (event) => { state.split = event.target.value; show(); });
  for (const { key, name } of columns) {
    byId("sort").append(make("option", { value: key, text: `${name} ↑` }), make("option", { value: `${key} down`, text: `${name} ↓` }));
  }
  for (const [kind, [name]] of Object.entries(KINDS)) {
    byId("which").append(make("button", { type: "button", "data-kind": kind, text: name, onclick: () => { state.which = kind; show(); } }));
  }
  byId("sort").addEventListener("change", (event) => {
    state.down = event.target.value.endsWith(" down");
    state.sort = event.target.value.replace(/ down$/, "");
    show();
  });
  byId("search").addEventListener("input", (event) => {
    state.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    show();
  });
  if (rows.some((row) => row.truth)) {
    byId("verdict-key").append(...VERDICTS.slice(1).map((verdict) => make("span", { class: `word ${verdict}`, text: verdict })));
  }
  if (models.some((model) => layers[model].length)) byId("bar-key").append(...barKey(regions));
  themeButton(byId("theme"));
  showStudy(byId("study"), study, regions, titles);
  showPartsStudy(byId("parts-study"), parts, titles);
  show();
  passOn();
}

start();
