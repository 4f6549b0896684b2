// Regions of the image, resampled bilinearly in 8 bits, as blazetrack/align/crop.py.

import { f32, rint } from "./numbers.js";

const MIN_REDUCTION = 1.25, MIN_TURN = 0.02; // from which positions are in steps of 1/32 pixel
const MAX_EXTENT_PX = 2040;
const ROUNDING = 2 ** 23;
const MAX_SIDE_PX = 2 ** 15 - MAX_EXTENT_PX - 2;

const halfUp = (value) => Math.floor(value + 0.5);

// Pixels `(h, w, 3)` of a region.
//
// `image` is {data, width, height, step}, step being 3 for RGB and 4 for RGBA; `matrix` maps crop
// pixels to image pixels; `border` is `zero` or `replicate`; `out` is a Uint8Array of h · w · 3.
export function sample(image, matrix, hw, border, out) {
  if (isReduced(matrix, hw, image)) inSteps(image, matrix, hw, border, out);
  else exact(image, matrix, hw, border, out);
  return out;
}

function isReduced([xx, xy, x, yx, yy, y], [height, width], image) {
  const wide = width * Math.abs(xx) + height * Math.abs(xy);
  const high = width * Math.abs(yx) + height * Math.abs(yy);
  return (
    Math.hypot(xx, yx) > MIN_REDUCTION
    && Math.min(Math.abs(xx), Math.abs(yx)) > MIN_TURN * Math.hypot(xx, yx)
    && Math.max(wide, high) < MAX_EXTENT_PX
    && Math.max(Math.abs(x), Math.abs(y), image.width, image.height) < MAX_SIDE_PX
  );
}

// As `cv2.warpAffine` of OpenCV 5: positions and weights in float32.
function exact(image, matrix, [height, width], border, out) {
  const { data, width: columns, height: rows, step } = image;
  const [xx, xy, x0, yx, yy, y0] = matrix.map(f32);
  const lastX = columns - 1, lastY = rows - 1, stride = columns * step;
  for (let v = 0, at = 0; v < height; v++) {
    const startX = f32(f32(xy * v) + x0), startY = f32(f32(yy * v) + y0);
    for (let u = 0; u < width; u++, at += 3) {
      const x = f32(xx * u + startX), y = f32(yx * u + startY);
      const left = Math.floor(x), top = Math.floor(y), partX = x - left, partY = y - top;
      if (left < 0 || top < 0 || left >= lastX || top >= lastY) {
        blendAtBorder(image, left, top, partX, partY, border, out, at, rint);
        continue;
      }
      const p = top * stride + left * step, q = p + stride;
      for (let k = 0; k < 3; k++) {
        const above = f32(data[p + k] + partX * (data[p + step + k] - data[p + k]));
        const below = f32(data[q + k] + partX * (data[q + step + k] - data[q + k]));
        // float32 has no digits behind the point from 2^23 on, so that the sum is rounded half to even.
        out[at + k] = f32(f32(above + partY * f32(below - above)) + ROUNDING) - ROUNDING;
      }
    }
  }
}

// As `cv2.remap` with positions in steps of 1/32 pixel.
function inSteps(image, [xx, xy, x0, yx, yy, y0], [height, width], border, out) {
  const { data, width: columns, height: rows, step } = image;
  const lastX = columns - 1, lastY = rows - 1, stride = columns * step;
  const left0 = Math.floor(x0 + Math.min(xx * width, 0) + Math.min(xy * height, 0)) - 1;
  const top0 = Math.floor(y0 + Math.min(yx * width, 0) + Math.min(yy * height, 0)) - 1;
  const acrossX = new Int32Array(width), acrossY = new Int32Array(width);
  for (let u = 0; u < width; u++) {
    acrossX[u] = rint(u * xx * 32);
    acrossY[u] = rint(u * yx * 32);
  }
  for (let v = 0, at = 0; v < height; v++) {
    const downX = rint((v * xy + (x0 - left0)) * 32), downY = rint((v * yy + (y0 - top0)) * 32);
    for (let u = 0; u < width; u++, at += 3) {
      const x = downX + acrossX[u], y = downY + acrossY[u];
      const left = (x >> 5) + left0, top = (y >> 5) + top0, right = x & 31, low = y & 31;
      if (left < 0 || top < 0 || left >= lastX || top >= lastY) {
        blendAtBorder(image, left, top, right / 32, low / 32, border, out, at, halfUp);
        continue;
      }
      const p = top * stride + left * step, q = p + stride;
      const a = (32 - right) * (32 - low), b = right * (32 - low), c = (32 - right) * low, d = right * low;
      for (let k = 0; k < 3; k++) {
        const sum = a * data[p + k] + b * data[p + step + k] + c * data[q + k] + d * data[q + step + k];
        out[at + k] = (sum + 512) >> 10;
      }
    }
  }
}

// One position of which a neighbour is outside the image.
function blendAtBorder({ data, width, height, step }, left, top, partX, partY, border, out, at, round) {
  const keep = border !== "zero";
  for (let k = 0; k < 3; k++) {
    let sum = 0;
    for (let n = 0; n < 4; n++) {
      const x = left + (n & 1), y = top + (n >> 1);
      const inside = x >= 0 && y >= 0 && x < width && y < height;
      if (!inside && !keep) continue;
      const column = Math.min(Math.max(x, 0), width - 1), row = Math.min(Math.max(y, 0), height - 1);
      const weight = (n & 1 ? partX : 1 - partX) * (n >> 1 ? partY : 1 - partY);
      sum += weight * data[(row * width + column) * step + k];
    }
    out[at + k] = round(sum);
  }
}

// Writer of 8-bit pixels as float32 values of the range [low, high] of a network's input.
export function pixelWriter([low, high]) {
  const unit = f32((high - low) / 255);
  const values = Float32Array.from({ length: 256 }, (_, i) => i * unit + low);
  return (pixels, out) => {
    for (let i = 0; i < pixels.length; i++) out[i] = values[pixels[i]];
    return out;
  };
}
