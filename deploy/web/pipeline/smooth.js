// Temporal filters of one person, as blazetrack/smooth.py with the preset `mediapipe_legacy`.

import { f32 } from "./numbers.js";

const START_HZ = 30, MIN_SCALE_PX = 1e-6;
const LANDMARKS = [0.05, 80], WORLD = [0.1, 40], ALIGNMENT = [0.01, 10]; // minimum cutoff in Hz, beta
const DERIVATE_CUTOFF = 1, VISIBILITY_ALPHA = f32(0.1);

const alphaOf = (cutoff, rateHz) => 1 / (1 + rateHz / (2 * Math.PI * cutoff));
const blend = (alpha, value, last) => f32(f32(alpha * value) + (1 - alpha) * last);

class OneEuro {
  // Minimum cutoff and beta of each element, Float32Array.
  constructor(minCutoff, beta) {
    Object.assign(this, { minCutoff, beta, rateHz: START_HZ, time: null, raw: null, value: null, speed: null });
  }

  // `x` is a Float32Array, `scale` 1 / size of the object.
  filter(x, time, scale) {
    if (time === this.time) return x;
    if (this.time !== null) this.rateHz = 1 / (time - this.time);
    this.time = time;
    const raw = this.raw ?? x, first = this.value === null;
    const speed = new Float32Array(x.length), value = new Float32Array(x.length);
    const slow = f32(alphaOf(DERIVATE_CUTOFF, this.rateHz));
    for (let i = 0; i < x.length; i++) {
      const moved = f32((x[i] - raw[i]) * scale * this.rateHz);
      speed[i] = first ? moved : blend(slow, moved, this.speed[i]);
      const cutoff = this.minCutoff[i] + this.beta[i] * Math.abs(speed[i]);
      value[i] = first ? x[i] : blend(f32(alphaOf(cutoff, this.rateHz)), x[i], this.value[i]);
    }
    Object.assign(this, { raw: x, speed, value });
    return value;
  }
}

const fill = (...parts) => Float32Array.from(parts.flatMap(([value, count]) => Array(count).fill(value)));

export class PersonFilters {
  constructor(id, count) {
    this.id = id;
    this.image = new OneEuro(
      fill([LANDMARKS[0], 3 * count], [ALIGNMENT[0], 4]), fill([LANDMARKS[1], 3 * count], [ALIGNMENT[1], 4]));
    this.world = new OneEuro(fill([WORLD[0], 3 * count]), fill([WORLD[1], 3 * count]));
    this.visibility = null;
  }

  filter(pose, time, width, height) {
    const visibility = Float32Array.from(pose.visibility);
    if (this.visibility) visibility.forEach((v, i) => (visibility[i] = blend(VISIBILITY_ALPHA, v, this.visibility[i])));
    this.visibility = visibility;
    const points = Float32Array.from(pose.alignment), size = objectSize(points, width, height);
    if (size < MIN_SCALE_PX) return { ...pose, visibility: Float64Array.from(visibility) };
    const count = pose.landmarks.length, image = new Float32Array(count + 4);
    image.set(pose.landmarks);
    image.set(points, count);
    const smooth = this.image.filter(image, time, f32(1 / size));
    return {
      ...pose,
      visibility: Float64Array.from(visibility),
      world: Float64Array.from(this.world.filter(Float32Array.from(pose.world), time, 1)),
      landmarks: Float64Array.from(smooth.subarray(0, count)),
      alignment: [...smooth.subarray(count)],
    };
  }
}

// Diameter of the circle around a person in pixels, in float32 and by way of parts of the image.
function objectSize(points, width, height) {
  const dx = f32(points[2] - points[0]), dy = f32(points[3] - points[1]);
  const diameter = f32(f32(Math.sqrt(f32(f32(dx * dx) + f32(dy * dy)))) * 2);
  const wide = f32(f32(diameter / width) * width), high = f32(f32(diameter / height) * height);
  return f32(f32(wide + high) / 2);
}
