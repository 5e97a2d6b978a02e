"use strict";

/** How much of each layer's map lies on each region, against how much of the picture the region covers. */
function showShares(section, regions, models) {
  const names = regions.names;
  const cover = regions.total;
  const table = make("table", { class: "share-table" });
  table.append(make("thead", {}, make("tr", {}, make("th", { scope: "col", text: "Layer" }),
    make("th", { scope: "col", text: "Share of the map" }),
    ...names.map((name) => make("th", { scope: "col", class: "number" }, make("span", { class: `dot ${name}` }), name)))));
  const row = (className, label, shares, ratios) => make("tr", { class: className },
    make("th", { scope: "row" }, label),
    make("td", { class: "bar" }, shares ? stack(names, shares, sharesInWords(names, shares)) : make("span", { class: "soft", text: "nothing to share out" })),
    ...names.map((name, index) => make("td", { class: "number", "data-region": name },
      shares ? make("b", { text: percent(shares[index]) }) : null,
      shares && ratios && cover[index] > 0 ? make("span", { class: "ratio", text: `×${(shares[index] / cover[index]).toFixed(1)}` }) : null)));
  table.append(make("tbody", {}, row("cover", make("span", { text: "The picture itself" }), cover, false)));
  for (const model of models) {
    const layers = model.layers.filter((layer) => layer.spatial);
    if (!layers.length) continue;
    const body = make("tbody", {}, make("tr", { class: "model" }, make("th", { scope: "rowgroup", colspan: 2 + names.length, text: model.title })));
    for (const layer of layers) body.append(row("", make("code", { text: layer.name }), layer.shares, true));
    table.append(body);
  }
  section.append(make("h2", { text: "Where the maps lie" }),
    make("p", { class: "soft", text: "Share of each layer’s map on the hands, face and body, over the whole clip; × is that share divided by the share of the picture that the region covers." }),
    table);
  section.hidden = false;
}
