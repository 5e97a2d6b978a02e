"use strict";

function showLanes() {
  const rows = byId("lane-rows");
  rows.append(axisLane(frames, fps));
  const names = data.regions ? data.regions.names : [];
  let index = 0;
  for (const model of models) {
    rows.append(make("h3", { class: "lane-model", text: model.title }));
    if (model.truth.length) rows.append(glossLane("truth, aligned", model.truth, frames, jump));
    rows.append(glossLane("read", glosses.filter((each) => each.model === model.name), frames, jump));
    for (const layer of model.layers) {
      const at = index;
      const row = layerLane(layer, frames, names, () => { if (state.mode === "all") state.mode = "one"; choose(at); });
      layerRows.push(row);
      rows.append(row);
      index += 1;
    }
  }
  rows.querySelectorAll(".gloss").forEach((button) => glossButtons.push(button));
  byId("lane-kinds").hidden = !layers.some((layer) => layer.shares_over_time);
  const layOut = () => rows.querySelectorAll(".track").forEach((track) => track.layOut && track.layOut());
  new ResizeObserver(layOut).observe(rows);
  scrubOn(rows, frames, (frame) => { pause(); seek(frame); });
}
