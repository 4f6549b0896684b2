// The worker: images in, poses out.

import { Fault, openNetworks } from "./networks.js";
import { EDGES, NAMES } from "./pipeline/skeleton.js";
import { Tracker } from "./pipeline/tracker.js";

const MAX_SIDE = 1280; // of the tracked image in pixels

let tracker = null, canvas = null, context = null;

self.onmessage = ({ data }) => handlers[data.type](data).catch(report);
self.postMessage({ type: "loaded" });

const handlers = {
  async start({ gpu, several }) {
    const response = await fetch("pipeline.json").catch(() => null);
    if (!response?.ok) throw new Fault("MissingFile", "pipeline.json");
    const { texts, models } = await response.json();
    const networks = await openNetworks(texts, models, { gpu, several });
    tracker = new Tracker(texts, networks.run);
    const { threads, accelerator } = networks;
    const names = [texts["model.landmarks.name"], texts["model.detector.name"]];
    const calibrated = Object.keys(tracker.info.landmarks.coefficients).length > 0;
    self.postMessage({ type: "ready", threads, accelerator, calibrated, models: names, names: NAMES, edges: EDGES });
  },

  // `bitmap` goes back with the result; `pixels` are RGB or RGBA, by `step`. A `still` picture is looked
  // at in all orientations.
  async track({ number, bitmap, pixels, width, height, step, time, reset, still }) {
    const start = performance.now();
    const image = bitmap ? read(bitmap) : { data: pixels, width, height, step };
    if (reset) tracker.reset();
    let pose = await tracker.step(image, time);
    for (let turn = 1; still && !pose && turn < 4; turn++) pose = await tracker.step(image, time + turn);
    self.postMessage({
      type: "tracked", number, ms: performance.now() - start, bitmap,
      width: image.width, height: image.height, time: tracker.streams.time,
      detectorRuns: tracker.detectorRuns, pose: pose && record(pose),
    }, bitmap ? [bitmap] : []);
  },
};

// The pixels of a bitmap, reduced where it is large.
function read(bitmap) {
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale)), height = Math.max(1, Math.round(bitmap.height * scale));
  if (canvas?.width !== width || canvas.height !== height) {
    canvas = new OffscreenCanvas(width, height);
    context = canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  }
  context.drawImage(bitmap, 0, 0, width, height);
  return { data: context.getImageData(0, 0, width, height).data, width, height, step: 4 };
}

// A pose in the form of the `.jsonl` of blazetrack.
function record(pose) {
  const points = (values) => Array.from({ length: values.length / 3 }, (_, i) => [...values.subarray(3 * i, 3 * i + 3)]);
  return {
    id: pose.id, score: pose.score,
    landmarks_px: points(pose.landmarks), visibility: [...pose.visibility], presence: [...pose.presence],
    world_landmarks_m: points(pose.world),
  };
}

function report(error) {
  const name = error instanceof Fault ? error.name : "EngineFailed";
  self.postMessage({ type: "fault", name, text: String(error.message ?? error) });
}
