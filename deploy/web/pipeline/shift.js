// Where the last thumbnail may be in this one, as `_shifts` of blazetrack/tracking/timeline.py: by
// phase, which finds large shifts, and by the place of its middle, which is surer.

import { rint } from "./numbers.js";

const EPSILON = 2 ** -52, AROUND = 2; // cells around the highest one for its centre of gravity

// Pairs dx, dy in cells, of two `(height, width, 3)` pictures.
export function shifts(last, picture, width, height) {
  const a = greyOf(last), b = greyOf(picture);
  return [byPhase(a, b, width, height).map(rint), byPlace(a, b, width, height)];
}

function greyOf(picture) {
  return Float64Array.from({ length: picture.length / 3 }, (_, i) =>
    (picture[3 * i] + picture[3 * i + 1] + picture[3 * i + 2]) / 3);
}

// As `cv2.phaseCorrelate`.
export function byPhase(a, b, width, height) {
  const one = transform([a, new Float64Array(a.length)], width, height, -1);
  const two = transform([b, new Float64Array(b.length)], width, height, -1);
  const cross = [new Float64Array(a.length), new Float64Array(a.length)];
  for (let i = 0; i < a.length; i++) {
    const re = one[0][i] * two[0][i] + one[1][i] * two[1][i];
    const im = one[1][i] * two[0][i] - one[0][i] * two[1][i];
    const size = Math.hypot(re, im) + EPSILON;
    cross[0][i] = re / size;
    cross[1][i] = im / size;
  }
  const [surface] = transform(cross, width, height, 1);
  const value = (x, y) => { // shift 0 is in the middle
    const column = (x - (width >> 1) + width) % width, row = (y - (height >> 1) + height) % height;
    return surface[row * width + column];
  };
  let peakX = 0, peakY = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) if (value(x, y) > value(peakX, peakY)) [peakX, peakY] = [x, y];
  }
  let sum = EPSILON, x1 = 0, y1 = 0;
  for (let y = Math.max(peakY - AROUND, 0); y <= Math.min(peakY + AROUND, height - 1); y++) {
    for (let x = Math.max(peakX - AROUND, 0); x <= Math.min(peakX + AROUND, width - 1); x++) {
      sum += value(x, y);
      x1 += x * value(x, y);
      y1 += y * value(x, y);
    }
  }
  return [(width >> 1) - x1 / sum, (height >> 1) - y1 / sum];
}

// The discrete Fourier transform of [real, imaginary] parts, rows then columns, without a factor.
function transform(parts, width, height, sign) {
  const along = transformLines(parts, width, height, width, 1, sign);
  return transformLines(along, height, width, 1, width, sign);
}

function transformLines([re, im], length, lines, lineStep, step, sign) {
  const cos = Float64Array.from({ length }, (_, i) => Math.cos((2 * Math.PI * i) / length));
  const sin = Float64Array.from({ length }, (_, i) => sign * Math.sin((2 * Math.PI * i) / length));
  const outRe = new Float64Array(re.length), outIm = new Float64Array(re.length);
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep;
    for (let k = 0; k < length; k++) {
      let sumRe = 0, sumIm = 0;
      for (let n = 0; n < length; n++) {
        const at = start + n * step, turn = (k * n) % length;
        sumRe += re[at] * cos[turn] - im[at] * sin[turn];
        sumIm += re[at] * sin[turn] + im[at] * cos[turn];
      }
      outRe[start + k * step] = sumRe;
      outIm[start + k * step] = sumIm;
    }
  }
  return [outRe, outIm];
}

// The place of the last picture's middle that correlates best, as `cv2.matchTemplate` with
// TM_CCOEFF_NORMED.
function byPlace(last, picture, width, height) {
  const left = width >> 2, top = height >> 2, wide = width - 2 * left, high = height - 2 * top;
  const middle = centered(last, width, left, top, wide, high);
  let best = -Infinity, found = [0, 0];
  for (let y = 0; y + high <= height; y++) {
    for (let x = 0; x + wide <= width; x++) {
      const part = centered(picture, width, x, y, wide, high);
      let common = 0;
      for (let i = 0; i < part.values.length; i++) common += part.values[i] * middle.values[i];
      const value = common / Math.max(Math.sqrt(part.power * middle.power), EPSILON);
      if (value > best) [best, found] = [value, [x - left, y - top]];
    }
  }
  return found;
}

function centered(picture, width, left, top, wide, high) {
  const values = new Float64Array(wide * high);
  let sum = 0, power = 0;
  for (let y = 0, at = 0; y < high; y++) {
    for (let x = 0; x < wide; x++, at++) sum += values[at] = picture[(top + y) * width + left + x];
  }
  const mean = sum / values.length;
  for (let i = 0; i < values.length; i++) {
    values[i] -= mean;
    power += values[i] * values[i];
  }
  return { values, power };
}
