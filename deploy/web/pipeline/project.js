// Crop pixels → image pixels, and the regions that follow from people; as blazetrack/align/project.py,
// roi.py and cap_visibility.py. A pose is {id, score, landmarks, world, visibility, presence,
// alignment}: x y z of each keypoint, in pixels and in metres; mid-hip and rim of the circle around the
// person. A region is {x, y, width, height, angle, id}.

import { circleOfPoints } from "./circle.js";
import { apply, clip } from "./numbers.js";

const MIN_KEYPOINT_SCORE = 0.2;
const WEIGHTS = { alignment: 0, both: 0.5, keypoints: 1 }; // of the keypoints for the circle
const MAX_OUTSIDE = 0.5, BELOW_HALF = 0.5 - 2 ** -54; // limits of visibility outside the image

// `person` is from `decodeLandmarks`, `matrix` maps crop pixels to image pixels.
export function project(person, roi, matrix, regionFrom) {
  const count = person.visibility.length, landmarks = new Float64Array(3 * count);
  const scale = Math.hypot(matrix[0], matrix[3]);
  const world = person.world.slice(), cos = Math.cos(roi.angle), sin = Math.sin(roi.angle);
  for (let i = 0; i < 3 * count; i += 3) {
    landmarks.set(apply(matrix, person.xyz[i], person.xyz[i + 1]), i);
    landmarks[i + 2] = person.xyz[i + 2] * scale;
    world[i] = cos * person.world[i] - sin * person.world[i + 1];
    world[i + 1] = sin * person.world[i] + cos * person.world[i + 1];
  }
  const [x, y, rimX, rimY] = person.alignment;
  let alignment = [...apply(matrix, x, y), ...apply(matrix, rimX, rimY)];
  const weight = WEIGHTS[regionFrom];
  const circle = weight ? circleOfPoints(surePoints(landmarks, person.visibility)) : null;
  if (circle !== null) {
    const found = [circle.x, circle.y, circle.rimX, circle.rimY];
    alignment = alignment.map((value, k) => (1 - weight) * value + weight * found[k]);
  }
  const { visibility, presence, score } = person;
  return { id: roi.id, score, landmarks, world, visibility, presence, alignment };
}

function surePoints(landmarks, visibility) {
  return Array.from(visibility, (visible, i) => {
    const [x, y] = [landmarks[3 * i], landmarks[3 * i + 1]];
    return visible >= MIN_KEYPOINT_SCORE && Number.isFinite(x) && Number.isFinite(y) ? [x, y] : null;
  });
}

export const radius = ({ alignment: [x, y, rimX, rimY] }) => Math.hypot(rimX - x, rimY - y);

// The region around a circle, turned so that the person stands upright; null where it cannot be cropped.
export function roiFromAlignment([x, y, rimX, rimY], id, margin) {
  const dx = rimX - x, dy = rimY - y, side = 2 * margin * Math.hypot(dx, dy);
  const usable = Number.isFinite(x) && Number.isFinite(y) && side >= 1 && side < 1e6;
  return usable ? { x, y, width: side, height: side, angle: Math.atan2(dx, -dy), id } : null;
}

// The region of a detection in a crop, without an id yet.
export function roiFromDetection({ points }, matrix, [height, width], [center, rim], margin) {
  const point = (k) => apply(matrix, points[2 * k] * width, points[2 * k + 1] * height);
  return roiFromAlignment([...point(center), ...point(rim)], 0, margin);
}

// Of regions, best first, at most `limit` that are not near each other.
export function freeRois(rois, limit, minDistance) {
  const kept = [];
  for (const roi of rois) {
    if (kept.length >= limit) break;
    const near = kept.some((one) =>
      Math.hypot(one.x - roi.x, one.y - roi.y) < minDistance * Math.min(one.width, roi.width));
    if (!near) kept.push(roi);
  }
  return kept;
}

// Limit visibility and presence of keypoints outside the image.
export function capVisibility(pose, width, height, margin) {
  const visibility = Float64Array.from(pose.visibility), presence = Float64Array.from(pose.presence);
  const reach = Math.max(margin * radius(pose), 1);
  for (let i = 0; i < visibility.length; i++) {
    const [x, y] = [pose.landmarks[3 * i], pose.landmarks[3 * i + 1]];
    const beyond = Math.max(-0.5 - x, x - (width - 0.5), -0.5 - y, y - (height - 0.5));
    if (!(beyond > 0)) continue;
    const limit = clip(MAX_OUTSIDE * (1 - beyond / reach), 0, BELOW_HALF);
    visibility[i] = Math.min(visibility[i], limit);
    presence[i] = Math.min(presence[i], limit);
  }
  return { ...pose, visibility, presence };
}
