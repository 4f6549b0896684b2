// Recordings in the formats of blazetrack: JSON Lines and CSV, see blazetrack/sinks/jsonl.py and csv.py.

import { ANGLE_NAMES, standardAngles } from "./angles.js";
import { NAME, NAMES } from "./pipeline/skeleton.js";

const POINT = ["x_px", "y_px", "z_px", "visibility", "presence", "x_m", "y_m", "z_m"];
const FRAME = ["frame", "time_s", "width", "height"];

const round = (value, digits) => Number(value.toFixed(digits));

export class Recorder {
  constructor() {
    this.records = [];
  }

  add({ time, width, height, pose }) {
    this.start ??= time;
    this.records.push({
      frame: this.records.length, time_s: round(time - this.start, 6), width, height, skeleton: NAME,
      poses: pose ? [rounded(pose)] : [],
    });
  }

  get jsonLines() {
    return this.records.map((record) => `${JSON.stringify(record)}\n`).join("");
  }

  get csv() {
    return [header(), ...this.records.map(row)].map((cells) => `${cells.join()}\n`).join("");
  }
}

function rounded(pose) {
  return {
    id: pose.id, score: round(pose.score, 4),
    landmarks_px: pose.landmarks_px.map((point) => point.map((value) => round(value, 3))),
    visibility: pose.visibility.map((value) => round(value, 4)),
    presence: pose.presence.map((value) => round(value, 4)),
    world_landmarks_m: pose.world_landmarks_m.map((point) => point.map((value) => round(value, 5))),
  };
}

function header() {
  const points = NAMES.flatMap((name) => POINT.map((part) => `${name}_${part}`));
  return [...FRAME, "id", "score", ...points, ...ANGLE_NAMES.map((name) => `${name}_deg`)];
}

function row(record) {
  const start = FRAME.map((name) => record[name]), [pose] = record.poses;
  if (!pose) return [...start, ...Array(header().length - start.length).fill("")];
  const points = NAMES.flatMap((_, i) => [
    ...pose.landmarks_px[i], pose.visibility[i], pose.presence[i], ...pose.world_landmarks_m[i],
  ]);
  const angles = standardAngles(pose.world_landmarks_m);
  return [...start, pose.id, pose.score, ...points, ...angles.map((one) => (Number.isNaN(one) ? "" : round(one, 2)))];
}
