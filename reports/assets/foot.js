"use strict";

function inWords(value) {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(inWords).join(", ");
  if (typeof value === "object") return Object.entries(value).map(([name, each]) => `${name}: ${inWords(each)}`).join("; ");
  return value === true ? "yes" : value === false ? "no" : String(value);
}

/** What was asked, of which weights, with which versions, and the command to make it again. */
function showMade(made, preds, models) {
  const facts = (entries) => {
    const list = make("dl");
    for (const [name, value] of entries) {
      const text = inWords(value);
      if (text) list.append(make("div", {}, make("dt", { text: name.replace(/_/g, " ") }), make("dd", { text })));
    }
    return list;
  };
  made.append(make("h2", { text: "How this was made" }));
  const columns = make("div", { class: "columns" });
  for (const model of models) {
    const asked = preds.models[model.name];
    const flagged = model.layers.filter((layer) => layer.flags.length).map((layer) => `${layer.name}: ${layer.flags.join(", ")}`);
    const { file, sha256 } = asked.checkpoint || {};
    columns.append(make("div", {}, make("h3", { text: model.title }), facts([
      ["target", asked.target], ["method", asked.method], ["hidden by", asked.hiding && asked.hiding.way],
      ["pool", asked.pool], ["normalise", asked.normalise],
      ["precision", asked.precision], ["checkpoint", file], ["sha-256", sha256], ["flags", flagged.join("; ") || "none"],
      ["notes", (asked.notes || []).join("; ")]])));
  }
  columns.append(make("div", {}, make("h3", { text: "Settings" }), facts(Object.entries(preds.settings || {}).filter(([name]) => name !== "checkpoints"))));
  columns.append(make("div", {}, make("h3", { text: "Versions" }), facts(Object.entries(preds.versions || {})),
    preds.seconds ? make("h3", { text: "Seconds" }) : null,
    preds.seconds ? facts(Object.entries(preds.seconds).map(([name, value]) => [name, typeof value === "number" ? value.toFixed(2) : value])) : null,
    preds.peak_memory ? facts([["peak memory", `${(preds.peak_memory / 2 ** 30).toFixed(2)} GB`]]) : null));
  made.append(columns);
  if (preds.command) {
    made.append(make("h3", { text: "To make it again" }), make("pre", { class: "command", tabindex: "0" },
      make("code", {}, ...preds.command.split(" ").flatMap((word, index) => [index ? " " : "", make("span", { text: word })]))));      // no break within a flag
  }
}

/** Of layers that attend to frames or to joints: what each takes from each. */
function showMatrices(section, models) {
  const figures = models.flatMap((model) => model.layers.filter((layer) => layer.matrix).map((layer) => make("figure", {},
    make("img", { src: layer.matrix, alt: `${model.title}, ${layer.name}: what each ${layer.matrix_of}, a row, takes from each, a column` }),
    make("figcaption", {}, make("b", { text: model.title }), " ", ...breakable(layer.name)))));
  if (!figures.length) return;
  const said = models.flatMap((model) => model.layers).filter((layer) => layer.matrix).map(({ matrix_of: who }) => `${who}s take from ${who}s`);
  const kinds = [...new Set(said)];
  section.hidden = false;
  section.append(make("h2", { text: `What ${kinds.join(", ")}` }), make("div", { class: "columns" }, ...figures));
}
