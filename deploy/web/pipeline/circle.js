// The circle around a person from its keypoints, as `circle_of_points` of blazetrack/align/roi.py.
// A point is [x, y], or null where it is not known; a circle is {x, y, rimX, rimY}: its centre, and
// the point on it above the head.

import { f32 } from "./numbers.js";
import { both, FACE, HIPS, NAMES, SHOULDERS } from "./skeleton.js";

const MIN_TORSOS = 1.75;
const SHOULDERS_TO_HIPS = 1.5, FACE_TO_HIPS = 2.2;
const MIN_RADIUS_PX = 0.5;
const ENCLOSING_SLACK_PX = 1e-4; // of `cv2.minEnclosingCircle`

// Extent of the body beyond a keypoint, as a factor on its distance from the mid-hip.
const REACH = new Float64Array(NAMES.length).fill(1);
for (const row of FACE) REACH[row] = 1.2;
for (const row of both("ankle")) REACH[row] = 1.1;
for (const row of both("wrist")) REACH[row] = 1.05;

const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

export function circleOfPoints(points) {
  const known = points.filter((point) => point !== null);
  if (!known.length) return null;
  const trunk = trunkOf(points);
  if (trunk === null) {
    const [x, y, radius] = enclosingCircle(known.map(([a, b]) => [f32(a), f32(b)]));
    return circle([x, y], [0, -1], radius);
  }
  const [hips, shoulders] = trunk;
  let far = MIN_TORSOS * distance(shoulders, hips);
  points.forEach((point, row) => {
    if (point !== null) far = Math.max(far, distance(point, hips) * REACH[row]);
  });
  return circle(hips, [shoulders[0] - hips[0], shoulders[1] - hips[1]], far);
}

function circle([x, y], [upX, upY], radius) {
  const length = Math.hypot(upX, upY);
  if (radius < MIN_RADIUS_PX || length === 0) return null;
  return { x, y, rimX: x + (upX * radius) / length, rimY: y + (upY * radius) / length };
}

// Mean of the known points of some rows.
function middle(points, rows) {
  const known = rows.map((row) => points[row]).filter((point) => point !== null);
  if (!known.length) return null;
  return [0, 1].map((axis) => known.reduce((sum, point) => sum + point[axis], 0) / known.length);
}

// Middle of the hips and of the shoulders, or their substitutes.
function trunkOf(points) {
  let hips = middle(points, HIPS), shoulders = middle(points, SHOULDERS);
  if (shoulders === null && hips !== null) shoulders = middle(points, FACE);
  else if (hips === null && shoulders !== null) hips = hipsBelow(points);
  return hips === null || shoulders === null ? null : [hips, shoulders];
}

// Estimated mid-hip of a person who is seen from the chest up.
function hipsBelow(points) {
  const face = middle(points, FACE), [left, right] = SHOULDERS.map((row) => points[row]);
  if (face === null || left === null || right === null) return null;
  const shoulders = [(left[0] + right[0]) / 2, (left[1] + right[1]) / 2];
  const across = [left[0] - right[0], left[1] - right[1]];
  const away = [shoulders[0] - face[0], shoulders[1] - face[1]];
  let down = [-across[1], across[0]]; // a quarter turn
  if (down[0] * away[0] + down[1] * away[1] < 0) down = [-down[0], -down[1]];
  down = [down[0] + 0.25 * away[0], down[1] + 0.25 * away[1]];
  const far = Math.max(SHOULDERS_TO_HIPS * Math.hypot(...across), FACE_TO_HIPS * Math.hypot(...away));
  const length = Math.hypot(...down);
  return length ? [shoulders[0] + (down[0] * far) / length, shoulders[1] + (down[1] * far) / length] : null;
}

// The smallest circle around points, [x, y, radius], by adding one point after the other.
function enclosingCircle(points) {
  const outside = ([x, y, radius], point) => distance([x, y], point) > radius * (1 + 1e-9) + 1e-9;
  let found = [...points[0], 0];
  points.forEach((a, i) => {
    if (!outside(found, a)) return;
    found = [...a, 0];
    points.slice(0, i).forEach((b, k) => {
      if (!outside(found, b)) return;
      found = ofTwo(a, b);
      for (const c of points.slice(0, k)) if (outside(found, c)) found = ofThree(a, b, c) ?? found;
    });
  });
  return [found[0], found[1], found[2] + ENCLOSING_SLACK_PX];
}

function ofTwo(a, b) {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, distance(a, b) / 2];
}

// The circle through three points; null where they are on a line.
function ofThree(a, b, c) {
  const [bx, by, cx, cy] = [b[0] - a[0], b[1] - a[1], c[0] - a[0], c[1] - a[1]];
  const twice = 2 * (bx * cy - by * cx);
  if (Math.abs(twice) < 1e-12) return null;
  const x = (cy * (bx * bx + by * by) - by * (cx * cx + cy * cy)) / twice;
  const y = (bx * (cx * cx + cy * cy) - cx * (bx * bx + by * by)) / twice;
  return [a[0] + x, a[1] + y, Math.hypot(x, y)];
}
