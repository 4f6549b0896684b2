// Run the pipeline of deploy/web on test vectors: the recorded outputs of the networks in, the largest
// difference of each stream out, as JSON. Arguments: the vectors, the folder of the pipeline.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [file, folder] = process.argv.slice(2);
const { Tracker } = await import(pathToFileURL(`${folder}/tracker.js`));

const TYPES = { float32: Float32Array, float64: Float64Array, int32: Int32Array, uint8: Uint8Array };
const NETWORKS = { tracked_landmarks: "landmarks", detections: "detector", new_landmarks: "landmarks" };

function decodeArray(type, shape, data) {
  const bytes = Uint8Array.from(data === "-" ? "" : atob(data), (one) => one.charCodeAt(0));
  return { rows: Number(shape.split(",")[0]), values: new TYPES[type](bytes.buffer) };
}

function readVectors(text) {
  const vectors = { texts: {}, frames: [] };
  let arrays = {};
  for (const line of text.split("\n")) {
    const [kind, name, ...words] = line.split(" ");
    if (kind === "text") vectors.texts[name] = words.join(" ");
    if (kind === "array") arrays[name] = decodeArray(...words);
    if (kind === "frame") vectors.frames.push((arrays = {}));
  }
  return vectors;
}

// The recorded runs of the networks in a frame, in the order in which the pipeline asks for them.
function recordedRuns(frame) {
  const runs = [];
  for (const [stream, role] of Object.entries(NETWORKS)) {
    const start = `${stream}.outputs.`, names = Object.keys(frame).filter((name) => name.startsWith(start));
    for (let row = 0; names.length && row < frame[names[0]].rows; row++) {
      const outputs = {};
      for (const name of names) {
        const { rows, values } = frame[name], size = values.length / rows;
        outputs[name.slice(start.length)] = values.subarray(row * size, (row + 1) * size);
      }
      runs.push({ role, outputs });
    }
  }
  return runs;
}

const { texts, frames } = readVectors(readFileSync(file, "utf8"));
const worst = {}, faults = [];
let runs = [], frame = null;

function compare(name, values, recorded) {
  if (values.length !== (recorded?.length ?? 0)) return void faults.push(`${name}: ${values.length} values`);
  worst[name] = Math.max(worst[name] ?? 0, ...Array.from(values, (value, i) => Math.abs(value - recorded[i])));
}

const recorded = (name) => frame[name]?.values ?? [];
const play = (role) => async () => {
  const run = runs.shift();
  if (run?.role !== role) faults.push(`${role}: ran in another order`);
  return run.outputs;
};
const tracker = new Tracker(texts, { detector: play("detector"), landmarks: play("landmarks") }, {
  sample: (image, matrix, hw, border, out) => out,
  thumbnailOf: () => Float32Array.from(recorded("frame.thumbnail")),
});
for (frame of frames) {
  runs = recordedRuns(frame);
  const [width, height] = recorded("frame.size_wh");
  const pose = await tracker.step({ width, height }, recorded("frame.time_s")[0]);
  const { time, restarts, next_rois: next, new_rois: free, best_poses: best } = tracker.streams;
  if (runs.length) faults.push(`${runs.length} recorded runs are left over`);
  compare("detector_runs", [tracker.detectorRuns], recorded("detector_runs"));
  compare("timed_frame", [time, Number(restarts)], [
    ...recorded("timed_frame.time_s"), ...recorded("timed_frame.restarts"),
  ]);
  compare("poses.ids", pose ? [pose.id] : [], recorded("poses.ids"));
  compare("new_rois", (free ?? []).flatMap(({ x, y }) => [x, y]), recorded("new_rois.center_px"));
  compare("best_poses", best?.landmarks ?? [], recorded("best_poses.landmarks_px"));
  compare("next_rois.center_px", next ? [next.x, next.y] : [], recorded("next_rois.center_px"));
  compare("next_rois.angle_rad", next ? [next.angle] : [], recorded("next_rois.angle_rad"));
  if (!pose) continue;
  compare("poses.landmarks_px", pose.landmarks, recorded("poses.landmarks_px"));
  compare("poses.world_landmarks_m", pose.world, recorded("poses.world_landmarks_m"));
  compare("poses.visibility", pose.visibility, recorded("poses.visibility"));
  compare("poses.presence", pose.presence, recorded("poses.presence"));
  compare("poses.scores", [pose.score], recorded("poses.scores"));
  compare("poses.alignment_px", pose.alignment, recorded("poses.alignment_px"));
}
console.log(JSON.stringify({ frames: frames.length, worst, faults }));
