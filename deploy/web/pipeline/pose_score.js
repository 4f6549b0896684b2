// The probability that a pose is right, by logistic regression; as blazetrack/tracking/pose_score.py.

import { clip } from "./numbers.js";
import { both, FACE } from "./skeleton.js";

const MIN_PRESENCE = 1e-4, MIN_LIMB_M = 0.02, TYPICAL_PEAK = 0.7;
const LIMBS = [["shoulder", "elbow"], ["elbow", "wrist"], ["hip", "knee"], ["knee", "ankle"]];
const SIDES = LIMBS.map(([a, b]) => both(a).map((row, side) => [row, both(b)[side]]));
const JOINTS = [...new Set(LIMBS.flat())].flatMap(both);
const TORSO = [...both("hip"), ...both("shoulder")];

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

// The score of a person from `decodeLandmarks`; the network's own where there are no coefficients.
export function poseScore(person, hw, coefficients) {
  if (!Object.keys(coefficients).length) return person.score;
  const features = poseFeatures(person, hw);
  let logit = coefficients.intercept ?? 0;
  for (const [name, value] of Object.entries(features)) logit += value * (coefficients[name] ?? 0);
  return Number.isNaN(logit) ? 0 : 1 / (1 + Math.exp(-clip(logit, -50, 50)));
}

// Features by name, see `pose_features`.
export function poseFeatures({ xyz, world, visibility, score, peaks }, [height, width]) {
  const present = clip(score, MIN_PRESENCE, 1 - MIN_PRESENCE);
  const visible = mean(visibility), x = (i) => xyz[3 * i] / width, y = (i) => xyz[3 * i + 1] / height;
  return {
    presence: Math.log(present / (1 - present)),
    visibility: visible,
    doubt: visible - mean(visibility.map((v) => v * v)),
    ...trunk(x, y),
    limb_asymmetry: asymmetry(world),
    spread: spread(x, y),
    peak: peaks ? mean(peaks) - TYPICAL_PEAK : 0,
    trunk_peak: peaks ? mean(TORSO.map((i) => peaks[i])) - TYPICAL_PEAK : 0,
  };
}

function trunk(x, y) {
  const [hip, otherHip, shoulder, otherShoulder] = TORSO;
  const dx = mean(FACE.map(x)) - (x(shoulder) + x(otherShoulder)) / 2;
  const dy = mean(FACE.map(y)) - (y(shoulder) + y(otherShoulder)) / 2;
  return {
    off_center: Math.hypot((x(hip) + x(otherHip)) / 2 - 0.5, (y(hip) + y(otherHip)) / 2 - 0.5),
    head_up: -dy / Math.max(Math.hypot(dx, dy), 1e-9),
  };
}

// Mean absolute logarithm of the ratio of left to right limbs in metres.
function asymmetry(world) {
  const squared = ([a, b]) => {
    let sum = 0;
    for (let k = 0; k < 3; k++) sum += (world[3 * a + k] - world[3 * b + k]) ** 2;
    return Math.max(sum, MIN_LIMB_M * MIN_LIMB_M);
  };
  return 0.5 * mean(SIDES.map(([left, right]) => Math.abs(Math.log(squared(left) / squared(right)))));
}

// Logarithm of the joints' root mean square distance from their centre, in sides.
function spread(x, y) {
  const [xs, ys] = [JOINTS.map(x), JOINTS.map(y)], [middleX, middleY] = [mean(xs), mean(ys)];
  const apart = mean(JOINTS.map((_, i) => (xs[i] - middleX) ** 2 + (ys[i] - middleY) ** 2));
  return 0.5 * Math.log(Math.max(apart, 1e-6));
}
