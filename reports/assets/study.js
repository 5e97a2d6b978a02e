"use strict";

/** A bar with a line where an even map would end on the hands, which come first. */
function against(bar, even) {
  const line = make("u", { class: "even" });
  if (typeof even === "number") line.style.left = `${100 * even}%`;
  return make("div", { class: "against" }, bar, typeof even === "number" ? line : null);
}

const axis = (...ticks) => make("span", { class: "axis", "aria-hidden": "true" }, ...ticks.map((text) => make("i", { text })));

/** What the colours and the line of the bars mean. */
const barKey = (regions) => [make("span", { text: "Share of the map on" }), ...regions.map((name) => make("span", {}, make("i", { class: `dot ${name}` }), name)),
  make("span", {}, make("u", { class: "even", role: "presentation" }), "chance: the hands' share of the picture")];

/** The panel of glosses explained on their own: a row a group, its shares as bars, its measures with their intervals. */
function showStudy(panel, found, regions, titles) {
  panel.hidden = !found.length;
  if (!found.length) return;
  const seen = { at: 0, kind: "verdict", key: "count", down: true };
  const value = { count: (group) => group.count, hands: (group) => (group.hands ? group.hands[0] : -1), time: (group) => (group.time ? group.time[0] : -1), name: (group) => group.name };
  const body = make("tbody", { role: "rowgroup" });
  const interval = (measure, said) => (measure ? make("span", {}, make("b", { text: said(measure[0]) }), measure[1] < measure[2] ? make("span", { class: "soft", text: ` ${said(measure[1])} to ${said(measure[2])}` }) : null) : make("span", { class: "soft", text: "not known" }));
  const whisker = (measure, most) => {
    const chance = make("u", { class: "even" });
    chance.style.left = `${100 / most}%`;
    const bar = make("span", { class: "whisker", "aria-hidden": "true" }, make("i"), make("u"), chance);
    if (!measure) return bar;
    bar.firstChild.style.width = `${(100 * measure[0]) / most}%`;
    Object.assign(bar.children[1].style, { left: `${(100 * measure[1]) / most}%`, width: `${(100 * (measure[2] - measure[1])) / most}%` });
    return bar;
  };
  const heads = [["name", "Group"], ["count", "Glosses"], ["hands", "Where its map lies, and on the hands"], ["time", "In its own frames, times chance"]];
  const row = make("tr", { role: "row", class: "study-heads" }, ...heads.map(([key, text]) => make("th", { role: "columnheader", scope: "col", "data-key": key },
    make("button", { type: "button", class: "bare", text, onclick: () => { seen.down = seen.key === key ? !seen.down : key !== "name"; seen.key = key; show(); } }))));
  // One scale, whatever is chosen: what is longer is more.
  const most = Math.ceil(Math.max(1, ...found.flatMap((each) => ["verdict", "gloss", "signer"].flatMap((kind) => each[kind].map((group) => (group.time ? group.time[2] : 0))))));
  row.children[2].append(axis("0", "50", "100%"));
  row.children[3].append(axis("0", String(most / 2), `${most} times`));
  function show() {
    const groups = [...found[seen.at][seen.kind]].sort((one, other) => {
      const [a, b] = [value[seen.key](one), value[seen.key](other)];
      return (typeof a === "string" ? a.localeCompare(b) : a - b) * (seen.down ? -1 : 1);
    });
    body.replaceChildren(...groups.map((group) => make("tr", { role: "row" },
      make("td", {}, make("details", {}, make("summary", { text: group.name }), ...group.sequences.map((name) => make("a", { href: `${encodeURIComponent(name)}/report.html`, text: name })))),
      make("td", { class: "number", text: group.count }),
      make("td", {}, group.shares ? against(stack(regions, group.shares, sharesInWords(regions, group.shares)), group.even) : null, interval(group.hands, percent)),
      make("td", {}, whisker(group.time, most), interval(group.time, (each) => each.toFixed(2))))));
    row.querySelectorAll("th").forEach((head) => head.setAttribute("aria-sort", head.dataset.key !== seen.key ? "none" : seen.down ? "descending" : "ascending"));
  }
  const layer = make("select", { "aria-label": "Layer", onchange: (event) => { seen.at = Number(event.target.value); show(); } },
    ...found.map((each, at) => make("option", { value: at, text: `${titles[each.model] || each.model}: ${each.layer}` })));
  const kind = make("select", { "aria-label": "Groups", onchange: (event) => { seen.kind = event.target.value; show(); } },
    ...["verdict", "gloss", "signer"].map((name) => make("option", { value: name, text: `by ${name}` })));
  panel.append(make("div", { class: "tools" }, make("h2", { text: "Glosses, each on its own" }), layer, kind,
    make("p", { class: "soft", text: "Means with 95% intervals over glosses (bootstrap). Lines: chance." })), make("table", { role: "table", class: "study", "aria-label": "Glosses by group" }, make("thead", { role: "rowgroup" }, row), body));
  show();
}
