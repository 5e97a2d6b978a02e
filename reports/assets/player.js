"use strict";

/** Frames from where playing starts again, first..stop-1: those of the gloss chosen, else all. */
const looped = () => (state.gloss ? [state.gloss.frames[0], Math.max(state.gloss.frames[0] + 1, state.gloss.frames[1])] : [0, frames]);

function play() {
  if (state.playing) { pause(); return; }
  state.playing = true;
  showPlaying();
  const inside = () => state.frame >= looped()[0] && state.frame < looped()[1];
  let from = state.loop && !inside() ? looped()[0] : state.frame >= frames - 1 ? 0 : state.frame;
  let began = null, speed = 0;
  const tick = (now) => {
    if (!state.playing) return;
    const wanted = Number(byId("speed").value);
    if (began === null || wanted !== speed) {           // a new speed counts from here
      from = began === null ? from : state.frame;
      began = now;
      speed = wanted;
    }
    let frame = from + Math.floor(((now - began) / 1000) * fps * speed);
    if (state.loop) {
      const [first, stop] = looped();
      if (frame >= stop || frame < first) { from = first; began = now; frame = first; }
    }
    seek(frame);
    if (!state.loop && frame >= frames - 1) pause();
    else requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

function pause() {
  if (!state.playing) return;
  state.playing = false;
  showPlaying();
  remember();
}

function showPlaying() {
  byId("play-shape").setAttribute("d", state.playing ? "M3.5 2.5h3.4v11H3.5zM9.1 2.5h3.4v11H9.1z" : "M4 2.5v11l9-5.5z");
  byId("play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
}

function step(by) { pause(); seek(state.frame + by); }

function loop(on) {
  state.loop = on;
  byId("loop").setAttribute("aria-pressed", on);
  byId("loop").title = `Play over and over: ${state.gloss ? state.gloss.gloss : "the clip"} (L)`;
}

function nextSpeed() {
  byId("speed").selectedIndex = (byId("speed").selectedIndex + 1) % byId("speed").options.length;
}

const KEYS = [["space", "play or pause"], ["← →", "one frame back or forward; with shift, ten"], ["Home, End", "first or last frame"],
  ["P, N", "previous or next gloss"], ["Esc", "from a gloss's own map back to all"], ["X", "for an error: the map for what was read, or for what is true"], ["L", "loop the gloss chosen, or the clip"], ["S", "speed: 1, ½, ¼"],
  ["R, held", "the frame alone"], ["A", "all layers"], ["C", "compare two views"], ["F", "1 is the strongest of the clip, or of each frame"],
  ["wheel, drag", "zoom into the picture, move it; a double click resets it"], ["?", "these keys"]];

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("keys").open) return;
  const at = event.target;
  const own = at.matches("select, input[type='search'], input[type='range']:not(#scrubber)");       // these use the keys themselves
  const by = event.shiftKey ? 10 : 1;
  const deeds = {
    ArrowLeft: () => step(-by), ArrowRight: () => step(by), Home: () => step(-frames), End: () => step(frames),
    " ": at.matches("button, summary, a") ? null : play, "?": () => byId("keys").showModal(),
    r: () => holdRaw(true), a: () => setMode(state.mode === "all" ? "one" : "all"), c: () => setMode(state.mode === "two" ? "one" : "two"),
    Escape: state.gloss ? leaveGloss : null, x: () => showSide(state.side === "read" ? "true" : "read"),
    l: () => loop(!state.loop), s: nextSpeed, n: () => nextGloss(1), p: () => nextGloss(-1), f: () => perFrame(!state.perFrame),
  };
  const deed = deeds[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (own || !deed) return;
  event.preventDefault();
  deed();
}
