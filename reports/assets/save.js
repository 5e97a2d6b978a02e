"use strict";

const EDGE = 24, LINE = 20, SIDE_BY = 16, TIMES = 2;      // pixels; a saved picture is twice the frame's size

/** The pictures shown as one PNG, with labels and the scale, on white. */
function savedCanvas() {
  const shown = state.mode === "all" ? layers.map((layer, index) => [gridViews[index], layer])
    : shownViews().map((view) => [view, asShown(state[view.place])]);
  const columns = Math.min(shown.length, 5), rows = Math.ceil(shown.length / columns);
  const times = state.mode === "all" ? 1 : TIMES;
  const width = data.size[1] * times, height = data.size[0] * times;
  const canvas = make("canvas", { width: 2 * EDGE + columns * width + (columns - 1) * SIDE_BY,
    height: 2 * EDGE + 2 * LINE + rows * (height + 3 * LINE) + 2 * LINE });
  const context = canvas.getContext("2d");
  const text = (words, x, y, font = "13px", room = width) => {
    context.font = `${font} ${getComputedStyle(document.body).fontFamily}`;
    context.fillText(words, x, y, room);
  };
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#1c1e21";
  text(preds.sequence, EDGE, EDGE + 12, "600 15px", canvas.width - 2 * EDGE);
  text(`frame ${state.frame} (0 to ${frames - 1}), ${(state.frame / fps).toFixed(2)} s`, EDGE, EDGE + 12 + LINE, "13px", canvas.width - 2 * EDGE);
  context.imageSmoothingQuality = "high";
  shown.forEach(([view, layer], index) => {
    const x = EDGE + (index % columns) * (width + SIDE_BY), y = EDGE + 2 * LINE + Math.floor(index / columns) * (height + 3 * LINE);
    const part = state.mode === "all" ? { by: 1, x: 0, y: 0 } : zoom;
    const across = data.size[1] / part.by, down = data.size[0] / part.by;
    context.drawImage(view.canvas, -part.x * across, -part.y * down, across, down, x, y, width, height);
    text(`${titleIn(layer.run, layer)}, ${layer.name}`, x, y + height + 16);
    text(noteOf(layer, state.frame) || `explains ${layer.target}`, x, y + height + 16 + 16, "12px");
  });
  const y = canvas.height - EDGE - 6;
  text("0", EDGE, y + 4);
  context.imageSmoothingEnabled = false;
  context.drawImage(byId("legend"), EDGE + 16, y - 6, 160, 12);
  text(byId("legend-high").textContent, EDGE + 184, y + 4, "13px", canvas.width - EDGE - 200);
  return canvas;
}

function saveView() {
  // not toBlob: a browser may put that off for seconds, until it is idle
  const png = Uint8Array.from(atob(savedCanvas().toDataURL("image/png").split(",")[1]), (letter) => letter.charCodeAt(0));
  const link = make("a", { href: URL.createObjectURL(new Blob([png], { type: "image/png" })),
    download: `${preds.sequence}_frame_${String(state.frame).padStart(3, "0")}.png` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
