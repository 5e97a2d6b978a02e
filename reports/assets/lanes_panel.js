"use strict";

function showLanes() {
  const all = byId("lane-rows");
  all.append(axisLane(frames, fps));
  const names = data.regions ? data.regions.names : [];
  const lost = Object.entries((preds.video || {}).unseen || {}).filter(([, ranges]) => ranges.length);
  all.append(...lost.map(([hand, ranges]) => unseenLane(hand, ranges, frames)));
  let index = 0;
  for (const model of models) {
    const rows = make("section", { "data-model": model.name }, make("h3", { class: "lane-model", text: model.title }));
    all.append(rows);
    if (model.truth.length) rows.append(glossLane("truth, aligned", model.truth, frames, jump));
    const when = whenLane(model);
    rows.append(glossLane(isGuess(preds, model) ? "guessed" : "read", glosses.filter((each) => each.model === model.name), frames, jump));
    if (when) rows.append(when);
    for (const layer of model.layers) {
      const at = index;
      const row = layerLane(layer, frames, names, () => { if (state.mode === "all") state.mode = "one"; choose(at); });
      layerRows.push(row);
      rows.append(row);
      index += 1;
    }
  }
  all.querySelectorAll(".gloss").forEach((button) => glossButtons.push(button));
  byId("lane-kinds").hidden = !layers.some((layer) => layer.shares_over_time);
  new ResizeObserver(layOutTracks).observe(all);
  scrubOn(all, frames, (frame) => { pause(); seek(frame); });
}

/** Puts names and ticks where the width of the page has room for them. */
function layOutTracks() {
  byId("lane-rows").querySelectorAll(".track").forEach((track) => track.layOut && track.clientWidth && track.layOut());
}
