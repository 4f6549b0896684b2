// Rows of a single-shot detector → people, as blazetrack/heads/ssd.py, anchors.py and nms.py.

import { f32, sigmoid } from "./numbers.js";

// Centres of all anchors, x y in parts of the input, in the order of the network's rows.
export function anchorCenters({ strides, perMap }, [height, width]) {
  const centers = [];
  for (let i = 0; i < strides.length;) {
    const stride = strides[i];
    let perCell = 0;
    for (; strides[i] === stride; i++) perCell += perMap;
    const rows = Math.ceil(height / stride), columns = Math.ceil(width / stride);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        for (let n = 0; n < perCell; n++) {
          centers.push(f32((column + 0.5) / columns), f32((row + 0.5) / rows));
        }
      }
    }
  }
  return Float32Array.from(centers);
}

// People of one crop, best first: {box: x0 y0 x1 y1, points: x y …, score} in parts of its side.
export function decodeDetections({ boxes, scores }, centers, hw, minScore, minIou) {
  const count = scores.length, size = boxes.length / count, rows = [];
  if (count !== centers.length / 2 || !Number.isInteger(size)) {
    throw new Error(`detector: expected ${centers.length / 2} rows, got ${count} scores and ${boxes.length} numbers of boxes`);
  }
  for (let i = 0; i < count; i++) {
    const score = sigmoid(scores[i]);
    if (!(score >= minScore)) continue; // also NaN
    const row = decodeRow(boxes.subarray(i * size, (i + 1) * size), centers[2 * i], centers[2 * i + 1], hw);
    if (row.every(Number.isFinite) && row[2] >= row[0] && row[3] >= row[1]) rows.push({ row, score });
  }
  return weightedNms(rows, minIou);
}

function decodeRow(raw, centerX, centerY, [height, width]) {
  const x = f32(f32(raw[0] / width) + centerX), y = f32(f32(raw[1] / height) + centerY);
  const halfX = f32(f32(raw[2] / width) / 2), halfY = f32(f32(raw[3] / height) / 2);
  const row = [f32(x - halfX), f32(y - halfY), f32(x + halfX), f32(y + halfY)];
  for (let k = 4; k < raw.length; k += 2) {
    row.push(f32(f32(raw[k] / width) + centerX), f32(f32(raw[k + 1] / height) + centerY));
  }
  return row;
}

// Merge the rows that overlap the best one, weighted by score; repeat with the rest.
function weightedNms(rows, minIou) {
  const found = [];
  let rest = rows.sort((a, b) => b.score - a.score); // the sort is stable
  while (rest.length) {
    const top = rest[0], group = [], others = [];
    for (const one of rest) (one === top || iou(top.row, one.row) > minIou ? group : others).push(one);
    rest = others;
    const sum = new Float32Array(top.row.length);
    let total = 0;
    for (const { row, score } of group) {
      total = f32(total + score);
      for (let k = 0; k < sum.length; k++) sum[k] += f32(row[k] * score);
    }
    const merged = Array.from(sum, (value) => f32(value / total));
    found.push({ box: merged.slice(0, 4), points: merged.slice(4), score: top.score });
  }
  return found;
}

function iou(a, b) {
  const wide = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const high = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  const common = Math.max(wide, 0) * Math.max(high, 0);
  const area = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common;
  return area > 0 ? common / area : 0;
}
