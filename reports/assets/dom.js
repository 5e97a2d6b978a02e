"use strict";

/** An element; `text` is always text, whatever it holds. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "text") element.textContent = value;
    else if (key === "class") element.className = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A long name that may break after its underscores and dots. */
const breakable = (name) => name.split(/(?<=[_.])/).flatMap((part) => [part, document.createElement("wbr")]);

const byId = (id) => document.getElementById(id);
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)}%`;
const VERDICTS = ["right", "substituted", "inserted", "deleted"];
const SAID = { right: "right", substituted: "substituted", inserted: "inserted", deleted: "deleted (missed)" };

/** Only verdicts that the style sheet knows become a class. */
const verdictClass = (verdict) => (VERDICTS.includes(verdict) ? verdict : "unjudged");

/** Whether what a model read is less sure than nearly all of the corpus's clips, and so is shown in grey. */
const isGuess = (preds, model) => Boolean((preds.models[model.name] || {}).certainty && preds.models[model.name].certainty.guess);
const wordClass = (span, guess) => `word ${verdictClass(span.verdict)}${guess ? " guessed" : ""}`;

const errorsOf = (wer) => wer.sub + wer.ins + wer.del;
const rateOf = (wer) => (100 * errorsOf(wer)) / Math.max(1, wer.reference);
const wordsOfWer = (wer) => `${wer.sub} substituted, ${wer.ins} inserted, ${wer.del} deleted of ${wer.reference}${wer.rule ? `, counted by ${wer.rule}` : ""}`;
/** Said of a count: whose it is, and what the model's authors' own makes of the same reading. */
const whoseWer = (wer, theirs) => (theirs ? theirs.rule === wer.rule ? "as its authors count" : `${rateOf(theirs).toFixed(1)}% as its authors count` : "");

function stack(names, shares, label) {
  const bar = make("div", { class: "stack", role: "img", "aria-label": label });
  names.forEach((name, index) => {
    const part = make("i", { class: name });
    part.style.width = `${100 * shares[index]}%`;
    bar.append(part);
  });
  return bar;
}

const sharesInWords = (names, shares) => names.map((name, index) => `${name} ${percent(shares[index])}`).join(", ");

/** A button that turns the page light or dark; until it is used, the system decides. */
function themeButton(button, changed = () => {}) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
  const show = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
    changed();
  };
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    show();
  });
  dark.addEventListener("change", show);
  show();
}
