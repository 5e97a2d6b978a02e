"use strict";

const LEAST_PICTURE = 360;      // pixels; with less room the readings above give way
const UNDER_PICTURE = 230;      // what stands under the picture in its panel, and around it

const isFolded = () => byId("head").classList.contains("is-folded");

/** The glosses above the picture in one line, or whole; and how much room that leaves the picture. */
function fold(on) {
  byId("head").classList.toggle("is-folded", on);
  byId("fold").textContent = on ? "Show glosses" : "Fold";
  byId("fold").setAttribute("aria-expanded", !on);
  leaveRoom();
}

function leaveRoom() {
  document.documentElement.style.setProperty("--above", `${byId("desk").offsetTop}px`);
}

/** Picture and time lines are in sight when the page opens: where they would not be, the glosses above are folded. */
function foldToFit() {
  fold(false);
  layOutTracks();
  const wide = matchMedia("(min-width: 1001px)").matches;
  const tooLow = () => byId("lanes").getBoundingClientRect().bottom + scrollY > innerHeight;
  if (state.mode !== "all") {
    fold(wide ? tooLow() || innerHeight - byId("desk").offsetTop - UNDER_PICTURE < LEAST_PICTURE : byId("desk").offsetTop > innerHeight / 3);
    byId("lanes").classList.toggle("tight", wide && tooLow());
    layOutTracks();
  }
  new ResizeObserver(leaveRoom).observe(byId("head"));
}
