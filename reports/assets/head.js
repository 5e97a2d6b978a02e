"use strict";

const layerRows = [];
const glossButtons = [];

function showHead() {
  byId("sequence").append(...breakable(preds.sequence));
  byId("facts").textContent = [preds.split, preds.signer, `${frames} frames`, `${(frames / fps).toFixed(1)} s at ${fps} fps`]
    .filter(Boolean).join(" · ");
  if (preds.video) byId("facts").after(aboutVideo(preds.video, data.files.includes("framing.jpg")));
  const here = encodeURIComponent(preds.sequence);
  const link = ([text, href]) => make("a", { href, text });
  byId("links").prepend(...[["index", "../index.html"], ["← previous clip", `../index.html#before=${here}`],
    ["next clip →", `../index.html#after=${here}`]].map(link));
  byId("files").append(make("div", { class: "panel" }, ...data.files.map((file) => link([file, file]))));
  const rows = byId("readings");
  const sentence = (label, entries, beside, doubts = "") => {
    const words = make("div", { class: "sentence" }, doubts ? make("span", { class: "guess", text: doubts }) : null);
    for (const entry of entries) {
      const button = make("button", { type: "button", class: `bare ${wordClass(entry, entry.guess)}`, text: entry.gloss,
        title: [entry.guess && "guess", SAID[entry.verdict], entry.by && `placed by ${entry.by}`].filter(Boolean).join(", ") || null,
        disabled: entry.frames === undefined, onclick: () => jump(entry) });
      if (entry.frames !== undefined) { button.span = entry; glossButtons.push(button); }
      words.append(button);
    }
    if (!entries.length) words.append(make("span", { class: "soft", text: "nothing read" }));
    rows.append(make("div", { class: "reading" }, make("div", { class: "who" }, make("h2", { text: label }), beside), words));
  };
  if (preds.truth) sentence("Truth", truthSpans(), null);
  for (const model of models) {
    const { wer, wer_authors: theirs, checkpoint } = preds.models[model.name];
    const doubts = [isGuess(preds, model) && "guess", preds.video && checkpoint.drawn && "trained on drawings"].filter(Boolean).join(", ");
    sentence(model.title, glosses.filter((each) => each.model === model.name), wer ? make("span", { class: "wer", title: wordsOfWer(wer) },
      make("b", { text: `${rateOf(wer).toFixed(1)}%` }), " WER", theirs ? make("span", { class: "theirs", title: wordsOfWer(theirs), text: `, ${whoseWer(wer, theirs)}` }) : null) : null, doubts);
    byId("folded").append(make("span", {}, make("b", { text: model.title }), wer ? ` ${rateOf(wer).toFixed(1)}% WER` : "", doubts ? make("span", { class: "guess", text: ` ${doubts}` }) : null));
  }
  if (preds.truth) {
    byId("verdict-key").append(...VERDICTS.slice(1).map((verdict) => make("span", { class: `word ${verdict}`, text: verdict })));
  }
}

/** Where an own video is from and how sure one can be: what is amiss with it is in sight, the rest unfolds. */
function aboutVideo({ lines: [first, ...more], notes }, framing) {
  const list = (texts, ...before) => make("ul", {}, ...before, ...texts.map((text) => make("li", { text })));
  const picture = framing ? make("li", {}, make("a", { href: "framing.jpg", text: "framing.jpg" }), ": what of the video was taken, and its keypoints") : null;
  return make("div", { class: "video" }, make("details", { class: "soft" }, make("summary", { text: first }), list(more.filter((text) => !notes.includes(text)), picture)),
    notes.length ? list(notes) : null);
}

/** The truth with its frames, where a model could align it: of the model that knows most of its glosses. */
function truthSpans() {
  const most = models.reduce((best, model) => (model.truth.length > best.truth.length ? model : best), models[0]);
  return (preds.truth || []).map((gloss, place) => {
    const span = most.truth.find((each) => each.id === `true-${place + 1}`);
    return span ? { ...span, by: most.title } : { gloss };
  });
}
