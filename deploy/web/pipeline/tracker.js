// The graph `pose`: one person; the detector runs only while the person is lost, in that same frame.
// See graphs/pose.yaml, whose streams have the same names.

import { decodeLandmarks } from "./blazepose.js";
import { sample } from "./crop.js";
import { Identify } from "./identify.js";
import { rectangleToImage } from "./numbers.js";
import { poseScore } from "./pose_score.js";
import { capVisibility, freeRois, project, radius, roiFromAlignment, roiFromDetection } from "./project.js";
import { modelInfo, optionsOf } from "./settings.js";
import { NAMES } from "./skeleton.js";
import { PersonFilters } from "./smooth.js";
import { anchorCenters, decodeDetections } from "./ssd.js";
import { thumbnailOf, Timeline } from "./timeline.js";

const SAME_PLACE = 0.5; // poses with centres nearer than this part of the larger radius are one person

export class Tracker {
  // `texts` are the settings (see settings.js). `models` has a function for each role, `detector` and
  // `landmarks`: pixels of a crop → promise of its outputs by meaning. `images` replaces the functions
  // that read pixels.
  constructor(texts, models, images = { sample, thumbnailOf }) {
    Object.assign(this, { models, images });
    this.info = { detector: modelInfo(texts, "detector"), landmarks: modelInfo(texts, "landmarks") };
    const nodes = Object.keys(texts).filter((name) => name.startsWith("option.")).map((name) => name.split(".")[1]);
    this.all = Object.fromEntries(nodes.map((node) => [node, optionsOf(texts, node)])); // options by node
    this.centers = anchorCenters(this.info.detector.anchors, this.info.detector.hw);
    this.crops = {};
    for (const [role, { hw }] of Object.entries(this.info)) this.crops[role] = new Uint8Array(hw[0] * hw[1] * 3);
    this.timeline = new Timeline(this.all.timeline.find_cuts, this.all.timeline.max_gap_s);
    this.identify = new Identify(this.all.identify.memory_s);
    this.reset();
  }

  // Begin a new clip.
  reset() {
    this.timeline.reset();
    this.identify.reset();
    this.detectorRuns = 0;
    this.restart();
  }

  // Clear what nodes and loops carry from frame to frame.
  restart() {
    this.identify.restart();
    this.nextRoi = this.filters = null;
    this.found = false; // whether the last frame had a pose
    this.turn = 0; // of the orientations
  }

  // The pose in an image {data, width, height, step} with a time in seconds; null without a person.
  async step(image, stamp) {
    const { time, restarts } = this.timeline.next(image, stamp, () => this.images.thumbnailOf(image));
    if (restarts) this.restart();
    const streams = (this.streams = { time, restarts, next_rois: null });
    const tracked = this.nextRoi && (await this.landmarks(image, this.nextRoi, "tracked"));
    const pose = tracked ?? (await this.detect(image, streams));
    streams.network_poses = tracked;
    const identified = this.identify.assign(pose, time);
    return this.finish(identified, time, image, streams);
  }

  finish(pose, time, { width, height }, streams) {
    this.found = pose !== null;
    if (pose === null) {
      this.filters = this.nextRoi = null;
      return null;
    }
    if (this.filters?.id !== pose.id) this.filters = new PersonFilters(pose.id, NAMES.length);
    const smoothed = this.filters.filter(pose, time, width, height);
    this.nextRoi = roiFromAlignment(smoothed.alignment, smoothed.id, this.all.next_rois.margin);
    streams.next_rois = this.nextRoi;
    return capVisibility(smoothed, width, height, this.all.cap_visibility.margin);
  }

  // The pixels of a region for one of the models, and its matrix.
  crop(image, roi, role) {
    const { hw, border } = this.info[role], matrix = rectangleToImage(roi, hw);
    return { matrix, pixels: this.images.sample(image, matrix, hw, border, this.crops[role]) };
  }

  // The pose in a region; null without a person. `part` is `tracked` or `new`, as the nodes' names begin.
  async landmarks(image, roi, part) {
    const info = this.info.landmarks, { matrix, pixels } = this.crop(image, roi, "landmarks");
    const outputs = await this.models.landmarks(pixels);
    const options = this.all[`${part}_landmarks`];
    const person = decodeLandmarks(
      outputs, info.hw, NAMES.length, options.refine ?? true, options.kernel_size ?? 7);
    if (!(person.score > options.min_score)) return null;
    person.score = poseScore(person, info.hw, info.coefficients);
    if (person.score < this.all[`${part}_scored`].min_score) return null;
    const { region_from } = this.all[part === "new" ? "new_poses" : "network_poses"];
    return project(person, roi, matrix, region_from);
  }

  // The best pose that the detector finds in the whole image; null without a person.
  async detect(image, streams) {
    const { detect, detected_rois, new_rois, best_poses } = this.all, info = this.info.detector;
    const { matrix, pixels } = this.crop(image, this.frameRoi(image), "detector");
    this.detectorRuns += 1;
    const outputs = await this.models.detector(pixels);
    const found = decodeDetections(outputs, this.centers, info.hw, detect.min_score, detect.min_iou);
    const rois = found
      .map((one) => roiFromDetection(one, matrix, info.hw, detected_rois.points, detected_rois.margin))
      .filter((roi) => roi !== null);
    const free = freeRois(rois, Math.max(1, new_rois.min_candidates), new_rois.min_distance);
    const poses = [];
    for (const roi of free) poses.push(await this.landmarks(image, roi, "new"));
    const [best] = selectPoses(poses.filter((pose) => pose !== null), best_poses);
    Object.assign(streams, { detections: found, new_rois: free, best_poses: best ?? null });
    return best ?? null;
  }

  // The whole image in the orientation that is searched in this frame.
  frameRoi({ width, height }) {
    const orientations = [this.all.frame_roi.orientations].flat();
    if (this.found) this.turn = 0;
    const degrees = orientations[this.turn++ % orientations.length];
    const angle = ((degrees > 180 ? degrees - 360 : degrees) * Math.PI) / 180;
    return { x: width / 2, y: height / 2, width, height, angle, id: 0 };
  }
}

// The best poses: one per place, the largest of the sure people first, then by score; as
// blazetrack/tracking/select_poses.py.
export function selectPoses(poses, options) {
  const kept = [], order = poses.filter((pose) => pose.score >= options.min_score);
  for (const pose of order.sort((a, b) => b.score - a.score)) {
    const near = kept.some((one) => Math.hypot(
      one.alignment[0] - pose.alignment[0], one.alignment[1] - pose.alignment[1],
    ) < SAME_PLACE * Math.max(radius(one), radius(pose)));
    if (!near) kept.push(pose);
  }
  const isSure = (pose) => pose.score >= options.min_sure_score;
  const sure = kept.filter(isSure).sort((a, b) => radius(b) - radius(a));
  return [...sure, ...kept.filter((pose) => !isSure(pose))].slice(0, options.max_people);
}
