// The standard angles of the body in degrees, as blazetrack/angles.py.

import { both, rows } from "./pipeline/skeleton.js";

const ENDS = { knee: ["hip", "ankle"], elbow: ["shoulder", "wrist"], hip: ["shoulder", "knee"], shoulder: ["elbow", "hip"] };
const SIDES = ["left", "right"], TRUNK = ["mid_hip", "mid_shoulder"], UPWARDS = [0, -1, 0];

// Name, and start and end of two directions; null is upwards in the picture.
const ANGLES = [
  ...Object.entries(ENDS).flatMap(([joint, [one, other]]) => SIDES.map((side) => {
    const middle = `${side}_${joint}`;
    return [middle, [middle, `${side}_${one}`], [middle, `${side}_${other}`]];
  })),
  ...SIDES.map((side) => [`${side}_ankle`, [`${side}_ankle`, `${side}_knee`], [`${side}_heel`, `${side}_foot_index`]]),
  ["trunk", TRUNK, null],
  ["neck", TRUNK, ["mid_shoulder", "mid_ear"]],
];

export const ANGLE_NAMES = ANGLES.map(([name]) => name);

// The angles of world landmarks, a list of x y z; NaN where a direction has no length.
export function standardAngles(points) {
  const at = (name) => {
    const found = name.startsWith("mid_") ? both(name.slice(4)) : rows(name);
    return [0, 1, 2].map((axis) => found.reduce((sum, row) => sum + points[row][axis], 0) / found.length);
  };
  const direction = ([from, to]) => {
    const [start, end] = [at(from), at(to)];
    return end.map((value, axis) => value - start[axis]);
  };
  return ANGLES.map(([, first, second]) => between(direction(first), second ? direction(second) : UPWARDS));
}

function between(u, v) {
  const [uLength, vLength] = [Math.hypot(...u), Math.hypot(...v)];
  if (!(uLength > 0 && vLength > 0)) return NaN;
  const a = u.map((value) => value * vLength), b = v.map((value) => value * uLength);
  const apart = Math.hypot(...a.map((value, k) => value - b[k])), sum = Math.hypot(...a.map((value, k) => value + b[k]));
  return (2 * Math.atan2(apart, sum) * 180) / Math.PI;
}
