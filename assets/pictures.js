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

/** A layer's maps as numbers: Uint8Array [T, h, w]. */
async function openMaps(name, layout, frames) {
  const [height, width] = layout.tile;
  const values = new Uint8Array(frames * height * width);
  let frame = 0;
  for (const sheet of await decodeSheets(name, layout.sheets)) {
    const canvas = make("canvas", { width: sheet.width, height: sheet.height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(sheet, 0, 0);
    const grey = context.getImageData(0, 0, sheet.width, sheet.height).data;
    for (let place = 0; place < layout.per_sheet && frame < frames; place += 1, frame += 1) {
      const left = (place % layout.columns) * layout.cell[1];
      const top = Math.floor(place / layout.columns) * layout.cell[0];
      for (let y = 0, at = frame * height * width; y < height; y += 1) {
        for (let x = 0, from = 4 * ((top + y) * sheet.width + left); x < width; x += 1, at += 1, from += 4) {
          values[at] = grey[from];
        }
      }
    }
    sheet.close();
  }
  return values;
}

/** 256 colours as one 32-bit pixel each. */
function pixelTable(hex) {
  const bytes = new Uint8Array(4 * 256);
  for (let level = 0; level < 256; level += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      bytes[4 * level + channel] = parseInt(hex.substr(6 * level + 2 * channel, 2), 16);
    }
    bytes[4 * level + 3] = 255;
  }
  return new Uint32Array(bytes.buffer);
}

/** For each pixel of the picture: the two tile pixels between which it lies and how near to the second. Pixels are areas. */
function between(pixels, tile) {
  const first = new Uint16Array(pixels), second = new Uint16Array(pixels), weight = new Float32Array(pixels);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const at = clamp(((pixel + 0.5) * tile) / pixels - 0.5, 0, tile - 1);
    first[pixel] = Math.floor(at);
    second[pixel] = Math.min(tile - 1, first[pixel] + 1);
    weight[pixel] = at - first[pixel];
  }
  return { first, second, weight };
}

/** Draws maps over frames, through a colour table. */
class MapBrush {
  constructor([height, width], [tileHeight, tileWidth]) {
    this.canvas = make("canvas", { width, height });
    this.context = this.canvas.getContext("2d");
    this.image = this.context.createImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.rows = between(height, tileHeight);
    this.columns = between(width, tileWidth);
    this.tile = [tileHeight, tileWidth];
  }

  draw(context, values, frame, table, opacity) {
    const [tileHeight, tileWidth] = this.tile;
    const { rows, columns, pixels } = this;
    const width = this.canvas.width, height = this.canvas.height;
    const base = frame * tileHeight * tileWidth;
    for (let y = 0, pixel = 0; y < height; y += 1) {
      const upper = base + rows.first[y] * tileWidth, lower = base + rows.second[y] * tileWidth;
      const down = rows.weight[y];
      for (let x = 0; x < width; x += 1, pixel += 1) {
        const left = columns.first[x], right = columns.second[x], across = columns.weight[x];
        const above = values[upper + left] * (1 - across) + values[upper + right] * across;
        const below = values[lower + left] * (1 - across) + values[lower + right] * across;
        pixels[pixel] = table[(above + (below - above) * down + 0.5) | 0];
      }
    }
    this.context.putImageData(this.image, 0, 0);
    context.globalAlpha = opacity;
    context.drawImage(this.canvas, 0, 0, context.canvas.width, context.canvas.height);
    context.globalAlpha = 1;
  }
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
