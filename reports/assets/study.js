"use strict";

/** The panel of glosses explained on their own: a row a group, its shares as bars, its measures with their intervals. */
function showStudy(panel, found, regions, titles) {
  panel.hidden = !found.length;
  if (!found.length) return;
  const seen = { at: 0, kind: "verdict", key: "count", down: true };
  const value = { count: (group) => group.count, hands: (group) => (group.hands ? group.hands[0] : -1), time: (group) => (group.time ? group.time[0] : -1), name: (group) => group.name };
  const body = make("tbody", { role: "rowgroup" });
  const interval = (measure, said) => (measure ? make("span", {}, make("b", { text: said(measure[0]) }), measure[1] < measure[2] ? make("span", { class: "soft", text: ` ${said(measure[1])} to ${said(measure[2])}` }) : null) : make("span", { class: "soft", text: "not known" }));
  const whisker = (measure, most) => {
    const bar = make("span", { class: "whisker", "aria-hidden": "true" }, make("i"), make("u"));
    if (!measure) return bar;
    bar.firstChild.style.width = `${(100 * measure[0]) / most}%`;
    Object.assign(bar.lastChild.style, { left: `${(100 * measure[1]) / most}%`, width: `${(100 * (measure[2] - measure[1])) / most}%` });
    return bar;
  };
  const heads = [["name", "Group"], ["count", "Glosses"], ["hands", "Where its map lies, and on the hands"], ["time", "In its own frames, times chance"]];
  const row = make("tr", { role: "row", class: "study-heads" }, ...heads.map(([key, text]) => make("th", { role: "columnheader", scope: "col", "data-key": key },
    make("button", { type: "button", class: "bare", text, onclick: () => { seen.down = seen.key === key ? !seen.down : key !== "name"; seen.key = key; show(); } }))));
  function show() {
    const groups = [...found[seen.at][seen.kind]].sort((one, other) => {
      const [a, b] = [value[seen.key](one), value[seen.key](other)];
      return (typeof a === "string" ? a.localeCompare(b) : a - b) * (seen.down ? -1 : 1);
    });
    const most = Math.max(1, ...groups.map((group) => (group.time ? group.time[2] : 0)));
    body.replaceChildren(...groups.map((group) => make("tr", { role: "row" },
      make("td", {}, make("details", {}, make("summary", { text: group.name }), ...group.sequences.map((name) => make("a", { href: `${encodeURIComponent(name)}/report.html`, text: name })))),
      make("td", { class: "number", text: group.count }),
      make("td", {}, group.shares ? stack(regions, group.shares, sharesInWords(regions, group.shares)) : null, interval(group.hands, percent)),
      make("td", {}, whisker(group.time, most), interval(group.time, (each) => each.toFixed(2))))));
    row.querySelectorAll("th").forEach((head) => head.setAttribute("aria-sort", head.dataset.key !== seen.key ? "none" : seen.down ? "descending" : "ascending"));
  }
  const layer = make("select", { "aria-label": "Layer", onchange: (event) => { seen.at = Number(event.target.value); show(); } },
    ...found.map((each, at) => make("option", { value: at, text: `${titles[each.model] || each.model}: ${each.layer}` })));
  const kind = make("select", { "aria-label": "Groups", onchange: (event) => { seen.kind = event.target.value; show(); } },
    ...["verdict", "gloss", "signer"].map((name) => make("option", { value: name, text: `by ${name}` })));
  panel.append(make("div", { class: "tools" }, make("h2", { text: "Glosses, each on its own" }), layer, kind,
    make("p", { class: "soft", text: "Means with 95% intervals over glosses (bootstrap)." })), make("table", { role: "table", class: "study", "aria-label": "Glosses by group" }, make("thead", { role: "rowgroup" }, row), body));
  show();
}
