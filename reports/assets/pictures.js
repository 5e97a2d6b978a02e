"use strict";

/** The JPEG sheets of one layer, or of the frames, decoded. */
async function decodeSheets(name, count) {
  const sheets = [];
  for (let number = 0; number < count; number += 1) {
    const text = byId(`${name}-${number}`).textContent;
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    sheets.push(await createImageBitmap(new Blob([bytes], { type: "image/jpeg" })));
  }
  return sheets;
}

/** The frames: stay as pictures, drawn from where they lie on their sheet. */
async function openFrames(layout) {
  const sheets = await decodeSheets("frame", layout.sheets);
  const [height, width] = layout.tile;
  return (context, frame) => {
    const place = frame % layout.per_sheet;
    const x = (place % layout.columns) * layout.cell[1];
    const y = Math.floor(place / layout.columns) * layout.cell[0];
    context.drawImage(sheets[Math.floor(frame / layout.per_sheet)], x, y, width, height,
      0, 0, context.canvas.width, context.canvas.height);
  };
}

/** A layer's maps at its own steps and positions: Uint8Array [n, h, w]. */
async function openMaps(name, layout) {
  const [height, width] = layout.tile;
  const values = new Uint8Array(layout.count * height * width);
  let step = 0;
  for (const sheet of await decodeSheets(name, layout.sheets)) {
    const canvas = make("canvas", { width: sheet.width, height: sheet.height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(sheet, 0, 0);
    const grey = context.getImageData(0, 0, sheet.width, sheet.height).data;
    for (let place = 0; place < layout.per_sheet && step < layout.count; place += 1, step += 1) {
      const left = (place % layout.columns) * layout.cell[1];
      const top = Math.floor(place / layout.columns) * layout.cell[0];
      for (let y = 0, at = step * height * width; y < height; y += 1) {
        for (let x = 0, from = 4 * ((top + y) * sheet.width + left); x < width; x += 1, at += 1, from += 4) {
          values[at] = grey[from];
        }
      }
    }
    sheet.close();
  }
  return values;
}

/** 256 colours as one 32-bit pixel each; seeThrough: as opaque as the level is high. */
function pixelTable(hex, seeThrough) {
  const bytes = new Uint8Array(4 * 256);
  for (let level = 0; level < 256; level += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      bytes[4 * level + channel] = parseInt(hex.substr(6 * level + 2 * channel, 2), 16);
    }
    bytes[4 * level + 3] = seeThrough ? level : 255;
  }
  return new Uint32Array(bytes.buffer);
}

/** For each pixel from start on: the two cells between whose centres it lies, and how near it is to the second. */
function between(start, pixels, [nearest, stride], tile) {
  const first = new Uint16Array(pixels), second = new Uint16Array(pixels), weight = new Float32Array(pixels);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const at = clamp((start + pixel - nearest) / stride, 0, tile - 1);
    first[pixel] = Math.floor(at);
    second[pixel] = Math.min(tile - 1, first[pixel] + 1);
    weight[pixel] = at - first[pixel];
  }
  return { first, second, weight };
}

/** Draws a layer's maps over frames, through a colour table. */
class MapBrush {
  constructor(layout) {
    const [top, bottom, left, right] = layout.box;
    this.canvas = make("canvas", { width: right - left, height: bottom - top });
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.image = this.context.createImageData(right - left, bottom - top);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.layout = layout;
    this.rows = between(top, bottom - top, layout.down, layout.tile[0]);
    this.columns = between(left, right - left, layout.across, layout.tile[1]);
    this.moment = new Float32Array(layout.tile[0] * layout.tile[1]);
  }

  /** The layer's own positions at a frame, 0..255, between the steps before and after it; the scale the clip's or the frame's. */
  at(values, frame, perFrame) {
    const { first, weight, low, high, count, scales } = this.layout;
    const [least, most] = perFrame ? scales[frame] || [0, Infinity] : [0, 1];
    const size = this.moment.length;
    const before = first[frame] * size, after = Math.min(first[frame] + 1, count - 1) * size;
    for (let place = 0; place < size; place += 1) {
      const level = values[before + place] * (1 - weight[frame]) + values[after + place] * weight[frame];
      this.moment[place] = (255 * (low - least) + (high - low) * level) / (most - least);
    }
  }

  draw(context, values, frame, { table, opacity, perFrame }) {
    const { rows, columns, pixels, moment } = this;
    const [top, , left] = this.layout.box;
    const across = this.layout.tile[1], { width, height } = this.canvas;
    if (this.layout.first[frame] < 0) return;
    this.at(values, frame, perFrame);
    for (let y = 0, pixel = 0; y < height; y += 1) {
      const upper = rows.first[y] * across, lower = rows.second[y] * across, down = rows.weight[y];
      for (let x = 0; x < width; x += 1, pixel += 1) {
        const near = columns.first[x], far = columns.second[x], along = columns.weight[x];
        const above = moment[upper + near] * (1 - along) + moment[upper + far] * along;
        const below = moment[lower + near] * (1 - along) + moment[lower + far] * along;
        pixels[pixel] = table[(clamp(above + (below - above) * down, 0, 255) + 0.5) | 0];
      }
    }
    this.context.putImageData(this.image, 0, 0);
    context.globalAlpha = opacity;
    context.drawImage(this.canvas, left, top);
    context.globalAlpha = 1;
  }
}

/** What was not seen loses its colour: all of a frame, or what lies beyond the box, which gets a thin edge. */
function greyOut(context, [top, bottom, left, right], whole) {
  const { width, height } = context.canvas;
  const all = top <= 0 && left <= 0 && bottom >= height && right >= width;
  if (all && !whole) return;
  context.save();
  context.beginPath();
  context.rect(0, 0, width, height);
  if (!whole) context.rect(left, top, right - left, bottom - top);
  context.clip("evenodd");
  context.globalCompositeOperation = "saturation";
  context.fillStyle = "#808080";
  context.fillRect(0, 0, width, height);
  context.restore();
  if (all) return;
  context.strokeStyle = "#ececec";
  context.strokeRect(left - 0.5, top - 0.5, right - left + 1, bottom - top + 1);
}

/** One value a frame as a strip of colour. */
function drawStrip(canvas, values, table) {
  canvas.width = values.length;
  canvas.height = 1;
  const context = canvas.getContext("2d");
  const image = context.createImageData(values.length, 1);
  const pixels = new Uint32Array(image.data.buffer);
  values.forEach((value, frame) => { pixels[frame] = table[Math.round(255 * clamp(value, 0, 1))]; });
  context.putImageData(image, 0, 0);
}

function drawLegend(canvas, table) {
  drawStrip(canvas, Array.from({ length: 256 }, (_, level) => level / 255), table);
}
