"use strict";

/** The part of the pictures that is seen: the wheel goes in and out at the pointer, a drag moves it; all views alike. */
const zoom = { by: 1, x: 0, y: 0 };     // x, y: where the picture's corner lies, in parts of the view

function showZoom(views) {
  for (const { canvas, top } of views) {
    canvas.style.transform = zoom.by > 1 ? `translate(${100 * zoom.x}%, ${100 * zoom.y}%) scale(${zoom.by})` : "";
    top.classList.toggle("zoomed", zoom.by > 1);
  }
}

function zoomOn(view, views) {
  const move = (x, y) => {
    zoom.x = clamp(x, 1 - zoom.by, 0);
    zoom.y = clamp(y, 1 - zoom.by, 0);
    showZoom(views);
  };
  view.top.addEventListener("wheel", (event) => {
    const before = zoom.by;
    const by = clamp(before * Math.exp(-event.deltaY * 0.002), 1, 8);
    if (by === before) return;          // wholly out already: the page scrolls
    event.preventDefault();
    const box = view.top.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width, y = (event.clientY - box.top) / box.height;
    zoom.by = by;
    move(x - ((x - zoom.x) * by) / before, y - ((y - zoom.y) * by) / before);
  }, { passive: false });
  view.top.addEventListener("pointermove", (event) => {
    if (!(event.buttons & 1) || zoom.by === 1) return;
    const box = view.top.getBoundingClientRect();
    move(zoom.x + event.movementX / box.width, zoom.y + event.movementY / box.height);
  });
  view.top.addEventListener("dblclick", () => { zoom.by = 1; move(0, 0); });
}
