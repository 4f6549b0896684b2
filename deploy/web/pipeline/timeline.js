// Frames on a steady clock, and where another scene begins; as blazetrack/tracking/timeline.py.
// A thumbnail is a Float32Array of 27 · 48 · 3 means of a few pixels each.

import { SteadyClock } from "./clock.js";
import { clip, median, rint } from "./numbers.js";
import { shifts } from "./shift.js";

export const WIDTH = 48, HEIGHT = 27;
const MIN_CONTRAST = 4, MIN_DIFFERENCE = 0.25, USUAL_FACTOR = 4, MIN_CHANGED = 0.2, MIN_CHANGE = 12;
const MAX_GAIN = 2, SHIFTED_FACTOR = 1.5, MAX_SHIFT = 0.6, KEPT_DIFFERENCES = 8;

export class Timeline {
  constructor(findCuts, maxGapS) {
    Object.assign(this, { findCuts, maxGapS });
    this.reset();
  }

  reset() {
    this.clock = new SteadyClock(this.maxGapS);
    this.size = null;
    this.last = null;
    this.usual = [];
  }

  // {time, restarts} of an image {width, height}; `thumbnail()` gives its thumbnail.
  next(image, stamp, thumbnail) {
    const size = `${image.width} ${image.height}`, time = this.clock.next(stamp);
    let restarts = this.size !== null && this.size !== size;
    this.size = size;
    if (this.findCuts && this.isCut(thumbnail())) restarts = true;
    return { time, restarts };
  }

  isCut(picture) {
    const now = scene(picture, 0, 0, WIDTH, HEIGHT);
    if (now.power < MIN_CONTRAST * MIN_CONTRAST) return false;
    const last = this.last;
    this.last = now;
    if (last === null) return false;
    const value = 1 - correlation(last, now);
    if (value <= MIN_DIFFERENCE) return this.keep(value);
    const [worst, changed] = difference(last.picture, picture);
    const usual = this.usual.length ? median(this.usual) : 0;
    if (!(worst > Math.max(MIN_DIFFERENCE, USUAL_FACTOR * usual) && changed > MIN_CHANGED)) return this.keep(worst);
    this.usual = [];
    return true;
  }

  keep(value) {
    this.usual.push(value);
    if (this.usual.length > KEPT_DIFFERENCES) this.usual.shift();
    return false;
  }
}

// How much two thumbnails differ: [1 − their correlation, share of changed cells]; of the positions,
// as they are and shifted to fit best, the better one counts.
export function difference(last, picture) {
  let found = differenceOf(last, picture, 0, 0);
  if (found[0] <= MIN_DIFFERENCE) return found;
  for (const [dx, dy] of shifts(last, picture, WIDTH, HEIGHT)) {
    if (Math.abs(dx) >= MAX_SHIFT * WIDTH || Math.abs(dy) >= MAX_SHIFT * HEIGHT) continue;
    const [value, changed] = differenceOf(last, picture, dx, dy);
    const shifted = [SHIFTED_FACTOR * value, changed];
    if (shifted[0] < found[0] || (shifted[0] === found[0] && changed < found[1])) found = shifted;
  }
  return found;
}

// As `difference`, of what both show when the picture is moved by dx, dy cells.
function differenceOf(last, picture, dx, dy) {
  const wide = WIDTH - Math.abs(dx), high = HEIGHT - Math.abs(dy);
  const a = scene(last, Math.max(0, -dx), Math.max(0, -dy), wide, high);
  const b = scene(picture, Math.max(0, dx), Math.max(0, dy), wide, high);
  const gain = clip(Math.sqrt(a.power / Math.max(b.power, 1e-6)), 1 / MAX_GAIN, MAX_GAIN);
  let changed = 0;
  for (let i = 0; i < a.centered.length; i += 3) {
    const cell = [0, 1, 2].some((k) => Math.abs(a.centered[i + k] - gain * b.centered[i + k]) > MIN_CHANGE);
    if (cell) changed += 1;
  }
  return [1 - correlation(a, b), changed / (wide * high)];
}

// A part of a thumbnail: its differences from the mean colour, and their mean square.
function scene(picture, left, top, wide, high) {
  const centered = new Float32Array(wide * high * 3), mean = [0, 0, 0];
  for (let row = 0, at = 0; row < high; row++) {
    const from = ((top + row) * WIDTH + left) * 3;
    for (let i = 0; i < 3 * wide; i++, at++) mean[i % 3] += centered[at] = picture[from + i];
  }
  for (let k = 0; k < 3; k++) mean[k] = Math.fround(mean[k] / (wide * high));
  let power = 0;
  for (let i = 0; i < centered.length; i++) {
    centered[i] -= mean[i % 3];
    power += centered[i] * centered[i];
  }
  return { picture, centered, power: power / centered.length };
}

function correlation(a, b) {
  let common = 0;
  for (let i = 0; i < a.centered.length; i++) common += a.centered[i] * b.centered[i];
  return common / a.centered.length / Math.max(Math.sqrt(a.power * b.power), 1e-6);
}

// Means of 16 pixels: bilinear samples at twice the size, then their means, both in 8 bits.
export function thumbnailOf({ data, width, height, step }) {
  const wide = 2 * WIDTH, high = 2 * HEIGHT, out = new Float32Array(WIDTH * HEIGHT * 3);
  const columns = places(width, wide), rows = places(height, high);
  for (let y = 0; y < high; y++) {
    const [top, low, partY] = rows[y];
    for (let x = 0; x < wide; x++) {
      const [left, right, partX] = columns[x], at = ((y >> 1) * WIDTH + (x >> 1)) * 3;
      for (let k = 0; k < 3; k++) {
        const a = data[(top * width + left) * step + k], b = data[(top * width + right) * step + k];
        const c = data[(low * width + left) * step + k], d = data[(low * width + right) * step + k];
        const above = a + partX * (b - a), below = c + partX * (d - c);
        out[at + k] += Math.floor(above + partY * (below - above) + 0.5);
      }
    }
  }
  return out.map((sum) => rint(sum / 4));
}

// First and second pixel and the weight of the second, of `count` samples along `length` pixels.
function places(length, count) {
  return Array.from({ length: count }, (_, i) => {
    const place = clip(((i + 0.5) * length) / count - 0.5, 0, length - 1), low = Math.floor(place);
    return [low, Math.min(low + 1, length - 1), place - low];
  });
}
