"use strict";

/** What was asked, of which weights, with which versions, and the command to make it again. */
function showMade(made, preds, models) {
  const facts = (entries) => {
    const list = make("dl");
    for (const [name, value] of entries) {
      if (value === undefined || value === null || value === "") continue;
      list.append(make("div", {}, make("dt", { text: name }), make("dd", { text: typeof value === "object" ? JSON.stringify(value) : String(value) })));
    }
    return list;
  };
  made.append(make("h2", { text: "How this was made" }));
  const columns = make("div", { class: "columns" });
  for (const model of models) {
    const asked = preds.models[model.name];
    const flagged = model.layers.filter((layer) => layer.flags.length).map((layer) => `${layer.name}: ${layer.flags.join(", ")}`);
    const { file, sha256 } = asked.checkpoint || {};
    columns.append(make("div", {}, make("h3", { text: model.name }), facts([
      ["target", asked.target], ["method", asked.method], ["weights", asked.weights], ["normalise", asked.normalise],
      ["precision", asked.precision], ["checkpoint", file], ["sha-256", sha256], ["flags", flagged.join("; ") || "none"],
      ["notes", (asked.notes || []).join("; ")]])));
  }
  columns.append(make("div", {}, make("h3", { text: "Settings" }), facts(Object.entries(preds.settings || {}))));
  columns.append(make("div", {}, make("h3", { text: "Versions" }), facts(Object.entries(preds.versions || {})),
    preds.seconds ? make("h3", { text: "Seconds" }) : null,
    preds.seconds ? facts(Object.entries(preds.seconds).map(([name, value]) => [name, typeof value === "number" ? value.toFixed(2) : value])) : null,
    preds.peak_memory ? facts([["peak memory", preds.peak_memory]]) : null));
  made.append(columns);
  if (preds.command) {
    made.append(make("h3", { text: "To make it again" }), make("pre", { class: "command", tabindex: "0" }, make("code", { text: preds.command })));
  }
  made.append(make("details", {}, make("summary", { text: "Keys" }), facts([["space", "play or pause"],
    ["← →", "one frame back or on; with shift, ten"], ["R, held", "the frame alone"],
    ["A", "all layers, or one"]])));
}
