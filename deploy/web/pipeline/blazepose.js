// The head of the landmark networks, as blazetrack/heads/blazepose.py.

import { f32, sigmoid } from "./numbers.js";

const VALUES = 5; // x, y, z in crop pixels, logits of visibility and presence
const MIN_CONFIDENCE = 0.5;

// The person of one crop: {xyz, world, visibility, presence, score, alignment, peaks}.
//
// `outputs` are landmarks, score, and where the model has them world and heatmap; `count` is the
// number of keypoints; `kernelSize` is the side of the window of refinement in cells.
export function decodeLandmarks(outputs, [height, width], count, refine = true, kernelSize = 7) {
  const raw = outputs.landmarks, rows = count + 2;
  if (raw.length % VALUES || raw.length < rows * VALUES) {
    throw new Error(`landmarks: expected at least ${rows} × ${VALUES} values, got ${raw.length}`);
  }
  const xy = new Float64Array(2 * rows);
  for (let i = 0; i < rows; i++) xy.set([raw[VALUES * i], raw[VALUES * i + 1]], 2 * i);
  let peaks = null;
  if (refine && outputs.heatmap) {
    const [side, channels] = heatmapShape(outputs.heatmap, rows);
    const unit = Float32Array.from(xy, (value, i) => value / (i % 2 ? height : width));
    refineLandmarks(unit, outputs.heatmap, side, channels, kernelSize);
    xy.set(Float64Array.from(unit, (value, i) => value * (i % 2 ? height : width)));
    peaks = heatmapPeaks(outputs.heatmap, channels, count);
  }
  const pose = {
    xyz: new Float64Array(3 * count), world: new Float64Array(3 * count),
    visibility: new Float64Array(count), presence: new Float64Array(count),
    score: outputs.score[0], alignment: [...xy.subarray(2 * count)], peaks,
  };
  for (let i = 0; i < count; i++) {
    pose.xyz.set([xy[2 * i], xy[2 * i + 1], raw[VALUES * i + 2]], 3 * i);
    pose.visibility[i] = sigmoid(raw[VALUES * i + 3]);
    pose.presence[i] = sigmoid(raw[VALUES * i + 4]);
  }
  if (outputs.world) pose.world.set(outputs.world.subarray(0, 3 * count));
  return pose;
}

// Side and number of channels of square maps; those of the published networks have 39 channels.
function heatmapShape({ length }, atLeast) {
  for (const side of [64, 56, 48, 32, 28]) {
    const channels = length / (side * side);
    if (Number.isInteger(channels) && channels >= atLeast && channels < 4 * atLeast) return [side, channels];
  }
  throw new Error(`landmarks: expected square heatmaps of at least ${atLeast} channels, got ${length} values`);
}

// Move each landmark to the centre of gravity of its heatmap in a window around it, in place.
export function refineLandmarks(unit, heatmap, side, channels, kernelSize) {
  const half = (kernelSize - 1) >> 1;
  for (let i = 0; i < unit.length / 2; i++) {
    const column = Math.trunc(f32(unit[2 * i] * side)), row = Math.trunc(f32(unit[2 * i + 1] * side));
    if (!(column >= 0 && column < side && row >= 0 && row < side)) continue;
    let total = 0, momentX = 0, momentY = 0, highest = 0;
    for (let y = Math.max(row - half, 0); y <= Math.min(row + half, side - 1); y++) {
      for (let x = Math.max(column - half, 0); x <= Math.min(column + half, side - 1); x++) {
        const weight = sigmoid(heatmap[(y * side + x) * channels + i]);
        total = f32(total + weight);
        momentX = f32(momentX + f32(weight * x));
        momentY = f32(momentY + f32(weight * y));
        highest = Math.max(highest, weight);
      }
    }
    if (!(highest >= MIN_CONFIDENCE && total > 0)) continue;
    unit[2 * i] = f32(f32(momentX / side) / total);
    unit[2 * i + 1] = f32(f32(momentY / side) / total);
  }
}

// Probability at the highest cell of each keypoint's map.
function heatmapPeaks(heatmap, channels, count) {
  const highest = new Float64Array(count).fill(-Infinity);
  for (let at = 0; at < heatmap.length; at += channels) {
    for (let i = 0; i < count; i++) if (heatmap[at + i] > highest[i]) highest[i] = heatmap[at + i];
  }
  return highest.map(sigmoid);
}
