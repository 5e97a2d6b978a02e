"use strict";

const SVG = "http://www.w3.org/2000/svg";

function path(d, className) {
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", d);
  shape.setAttribute("class", className);
  return shape;
}

/** Shapes in units of one frame by one, stretched over the track. */
function chart(frames, ...shapes) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${frames} 1`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  svg.append(...shapes);
  return svg;
}

/** The area between two series of values in 0..1, a step a frame; frames without a value are left out. */
function area(lower, upper) {
  let d = "";
  upper.forEach((high, frame) => {
    if (high === null) return;
    d += `M${frame} ${1 - lower[frame]}V${(1 - high).toFixed(4)}h1V${1 - lower[frame]}z`;
  });
  return d;
}

function energyChart(values, peak) {
  const frames = values.length;
  let line = "";
  values.forEach((value, frame) => {
    line += `${frame ? "L" : "M"}${frame + 0.5} ${(1 - (peak > 0 ? value / peak : 0)).toFixed(4)}`;
  });
  const first = 1 - (peak > 0 ? values[0] / peak : 0), last = 1 - (peak > 0 ? values[frames - 1] / peak : 0);
  return chart(frames, path(`M0 1V${first}${line.replace("M", "L")}L${frames} ${last}V1z`, "energy"),
    path(`M0 ${first}${line.replace("M", "L")}L${frames} ${last}`, "energy-line"));
}

function regionChart(names, overTime) {
  let floor = overTime.map(() => 0);
  const shapes = names.map((name, region) => {
    const top = overTime.map((shares, frame) => (shares ? Math.min(1, floor[frame] + shares[region]) : null));
    const shape = path(area(floor, top), `region ${name}`);
    floor = top.map((value) => value || 0);
    return shape;
  });
  return chart(overTime.length, ...shapes);
}

/** One row: what it is, its track over the clip, its value at this moment. */
function lane(className, label, track, value = "") {
  return make("div", { class: `lane ${className}` }, make("div", { class: "lane-label" }, label), track,
    make("div", { class: "lane-value", text: value }));
}

function axisLane(frames, fps) {
  const track = make("div", { class: "track axis" });
  track.layOut = () => {
    const seconds = frames / fps;
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60].find((each) => (track.clientWidth * each) / seconds > 56) || 120;
    track.replaceChildren();
    for (let tick = 0; tick * step <= seconds - step / 3; tick += 1) {
      const mark = make("span", { text: `${+(tick * step).toFixed(1)} s` });
      mark.style.left = `${(100 * tick * step) / seconds}%`;
      track.append(mark);
    }
  };
  return lane("axis-lane", make("span", { class: "soft", text: "" }), track);
}

/** The frames in which a hand was not found: its keypoints there are a guess. */
function unseenLane(hand, ranges, frames) {
  const lost = ranges.reduce((sum, [first, stop]) => sum + stop - first, 0);
  const track = make("div", { class: "track hand", title: `${hand} not found in ${lost} of ${frames} frames: its keypoints there are a guess` },
    chart(frames, ...ranges.map(([first, stop]) => path(`M${first} 0H${stop}V1H${first}z`, "unseen"))));
  return lane("unseen-lane", make("span", { class: "soft", text: `no ${hand}` }), track, percent(lost / frames));
}

const LABEL_ROW = 17, TIGHT_ROW = 13, BAR = 9, MOST_ROWS = 6;
const ruler = make("canvas").getContext("2d");

/** Glosses as bars over their frames, each with its name under it, in as many rows as keep names apart. */
function glossLane(name, spans, frames, jump) {
  const track = make("div", { class: "track glosses" });
  const buttons = spans.map((span) => {
    const verdict = verdictClass(span.verdict);
    const told = [span.gloss, span.guess && "guess", SAID[span.verdict], `frames ${span.frames[0]} to ${span.frames[1] - 1}`,
      typeof span.score === "number" ? `score ${span.score.toFixed(2)}` : null].filter(Boolean).join(", ");
    const button = make("button", { type: "button", class: `bare gloss ${verdict}${span.guess ? " guessed" : ""}`, title: told, "aria-label": told,
      onclick: () => jump(span) }, make("i", { class: "bar" }), make("span", { class: wordClass(span, span.guess), text: span.gloss }));
    button.style.left = `${(100 * span.frames[0]) / frames}%`;
    button.style.width = `${(100 * (span.frames[1] - span.frames[0])) / frames}%`;
    button.span = span;
    return button;
  });
  track.append(...buttons);
  track.layOut = () => {
    if (!buttons.length) return;
    const width = track.clientWidth, pitch = track.closest(".tight") ? TIGHT_ROW : LABEL_ROW;
    const { fontSize, fontFamily } = getComputedStyle(buttons[0].lastChild);
    ruler.font = `${fontSize} ${fontFamily}`;
    const ends = [];
    const inOrder = [...buttons].sort((one, other) => one.span.frames[0] - other.span.frames[0]);
    for (const button of inOrder) {
      const long = ruler.measureText(`≠ ${button.span.gloss}`).width + 8;
      const start = clamp((button.span.frames[0] / frames) * width, 0, Math.max(0, width - long));
      let row = ends.findIndex((end) => end <= start);
      if (row < 0) row = ends.length < MOST_ROWS ? ends.length : ends.indexOf(Math.min(...ends));
      ends[row] = start + long;
      button.lastChild.style.top = `${BAR + 2 + row * pitch}px`;
      button.lastChild.style.left = `${start - (button.span.frames[0] / frames) * width}px`;
      button.style.setProperty("--stem", `${row * pitch + 4}px`);
    }
    track.style.height = `${BAR + 6 + Math.max(1, ends.length) * pitch}px`;
  };
  return lane("gloss-lane", make("span", { text: name }), track);
}

/** A layer: its energy, its regions, or for layers that know only when, its map as a strip. */
function layerLane(first, frames, regionNames, choose) {
  let layer = first;                    // or the same layer for one gloss
  const track = make("div", { class: `track ${first.spatial ? "chart" : "strip"}` });
  const row = lane("layer-lane",
    make("button", { type: "button", class: "bare mono", onclick: choose, title: `Show ${first.name}` }, ...breakable(ownName(first))), track);
  const strip = first.spatial ? null : make("canvas", { "aria-hidden": "true" });
  row.of = (told, kind, table) => {
    layer = told;
    row.show(kind, table);
  };
  row.show = (kind, table) => {
    if (strip) {
      drawStrip(strip, layer.energy, table);
      track.replaceChildren(strip);
    } else if (kind === "regions" && layer.shares_over_time) {
      track.replaceChildren(regionChart(regionNames, layer.shares_over_time));
    } else {
      track.replaceChildren(energyChart(layer.energy, Math.max(...layer.energy) || 1));
    }
    row.kind = kind;
  };
  row.say = (frame) => {
    const shares = row.kind === "regions" && layer.spatial && layer.shares_over_time ? layer.shares_over_time[frame] : null;
    const value = layer.energy[frame];
    row.lastChild.textContent = row.kind === "regions" && layer.spatial
      ? (shares ? `${percent(shares[0])} hands` : "no share") : (value >= 0.0995 || value === 0 ? value.toFixed(2) : value.toFixed(3));
  };
  return row;
}

/** Pointer on any track moves the clip there, unless it is on a gloss. */
function scrubOn(container, frames, seek) {
  const frameAt = (track, event) => {
    const box = track.getBoundingClientRect();
    return clamp(Math.floor(((event.clientX - box.left) / box.width) * frames), 0, frames - 1);
  };
  container.addEventListener("pointerdown", (event) => {
    const track = event.target.closest(".track");
    if (!track || event.button !== 0 || event.target.closest("button")) return;
    seek(frameAt(track, event));
    const move = (later) => seek(frameAt(track, later));
    track.setPointerCapture(event.pointerId);
    track.addEventListener("pointermove", move);
    const stop = () => track.removeEventListener("pointermove", move);
    track.addEventListener("pointerup", stop, { once: true });
    track.addEventListener("pointercancel", stop, { once: true });
  });
}
