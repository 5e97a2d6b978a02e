"use strict";

let drawFrame = null;
let waiting = false;

// Everything that shows a moment listens to `draw`; nothing else moves.
function draw() {
  if (waiting || !drawFrame) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    const { frame } = state;
    if (state.mode === "all") layers.forEach((layer, index) => drawView(gridViews[index], asShown(index)));
    else for (const view of shownViews()) drawView(view, asShown(state[view.place]));
    showNow();
    document.documentElement.style.setProperty("--at", (frame + 0.5) / frames);
    byId("lanes").dataset.frame = frame;
    byId("scrubber").value = frame;
    byId("scrubber").setAttribute("aria-valuetext", `frame ${frame} (0 to ${frames - 1})`);
    byId("clock").textContent = `${String(frame).padStart(String(frames - 1).length, "0")} / ${frames - 1} · ${(frame / fps).toFixed(2)} s`;
    for (const row of [...layerRows, ...whenRows]) row.say(frame);
    for (const button of glossButtons) {
      button.classList.toggle("now", button.span.frames[0] <= frame && frame < button.span.frames[1]);
    }
  });
}

function seek(frame) {
  state.frame = clamp(frame, 0, frames - 1);
  draw();
  remember();
}

/** What each model reads at this very frame, and which true gloss it aligns there; and where the chosen layer looks. */
function showNow() {
  const at = (spans) => (spans || []).find((span) => span.verdict !== "deleted" && span.frames[0] <= state.frame && state.frame < span.frames[1]);
  const word = (span, guess) => (span ? make("span", { class: wordClass(span, guess), text: guess ? `guess: ${span.gloss}` : span.gloss }) : make("span", { class: "soft", text: "no gloss" }));
  const cells = (model, told, run) => [make("dt", { text: titleIn(run, model) }), make("dd", {}, word(at(model.reading), isGuess(told, model))),
    preds.truth ? make("dd", { class: "soft aligned" }, "truth, by its own alignment: ", word(at(model.truth))) : null];
  const layer = asShown(state[state.active]);
  const shares = layer.shares_over_time ? layer.shares_over_time[state.frame] : null;
  const lost = Object.entries((preds.video || {}).unseen || {})
    .filter(([, ranges]) => ranges.some(([first, stop]) => first <= state.frame && state.frame < stop)).map(([hand]) => hand);
  byId("now").replaceChildren(...[
    make("h2", { text: "At this frame" }),
    lost.length ? make("p", { class: "soft unseen-now", text: `${lost.join(" and ")} not found: keypoints there are a guess` }) : null,
    make("dl", {}, ...models.map((model) => make("div", {}, ...cells(model, preds).filter(Boolean))),
      ...(data.beside ? data.beside.models : []).map((model) => make("div", {}, ...cells(model, data.beside.preds, data.beside.name).filter(Boolean)))),
    shares ? stack(data.regions.names, shares, sharesInWords(data.regions.names, shares)) : null,
    shares ? make("p", { class: "key" }, make("span", { text: `${layer.name}:` }), ...data.regions.names.map((name, index) => make("span", {},
      make("span", { class: `dot ${name}` }), `${name} `, make("b", { text: percent(shares[index]) })))) : null].filter(Boolean));
}
