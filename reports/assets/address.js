"use strict";

/** What is shown stands in the page's address, so that a link to a moment works and a reload loses nothing. */
function address() {
  const words = { frame: state.frame, layer: everything[state.layer].id, view: state.mode };
  if (state.mode === "two") words.second = everything[state.second].id;
  words.scale = state.scale;
  words.opacity = Math.round(100 * state.opacity);
  words.strongest = state.perFrame ? "frame" : "clip";
  if (state.gloss) words.gloss = `${state.gloss.model}/${state.gloss.id}`;
  if (state.gloss && state.side === "true") words.side = "true";
  if (state.loop) words.loop = "yes";
  if (state.tab) words.tab = state.tab;
  return new URLSearchParams(words).toString().replace(/%2F/g, "/");
}

let kept = 0;

/** Not at every frame of a clip that plays: browsers allow only so many changes a second. */
function remember() {
  clearTimeout(kept);
  if (state.playing) return;
  kept = setTimeout(() => history.replaceState(null, "", `#${address()}`), 150);
}

/** Takes over what the address says, as far as this page has it. */
function recall() {
  const words = new URLSearchParams(location.hash.slice(1));
  const place = (id) => everything.findIndex((layer) => layer.id === id);
  const number = Number(words.get("frame"));
  if (words.has("frame") && Number.isInteger(number)) state.frame = clamp(number, 0, frames - 1);
  if (place(words.get("layer")) >= 0) state.layer = place(words.get("layer"));
  if (place(words.get("second")) >= 0) state.second = place(words.get("second"));
  if (["one", "two", "all"].includes(words.get("view"))) state.mode = words.get("view");
  if (tables[words.get("scale")]) state.scale = words.get("scale");
  if (words.get("opacity") >= 0 && words.get("opacity") <= 100 && words.has("opacity")) state.opacity = words.get("opacity") / 100;
  if (["clip", "frame"].includes(words.get("strongest"))) state.perFrame = words.get("strongest") === "frame";
  const [model, id] = (words.get("gloss") || "").split("/");
  state.gloss = glosses.find((each) => each.model === model && each.id === id) || null;
  if (words.get("side") === "true") state.side = "true";
  state.loop = words.get("loop") === "yes";
  if (words.has("tab")) state.tab = models.some((each) => each.name === words.get("tab")) ? words.get("tab") : "";
}
