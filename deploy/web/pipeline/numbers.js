// Numbers as numpy and C have them: float32, rounding, probabilities, affines.

export const f32 = Math.fround;

// The exponential is rounded to float32 before the division, as blazetrack/heads/sigmoid.py.
export const sigmoid = (logit) => f32(1 / f32(1 + f32(Math.exp(-logit))));

// Round half to even.
export function rint(value) {
  const low = Math.floor(value), part = value - low;
  return part > 0.5 || (part === 0.5 && low % 2 !== 0) ? low + 1 : low;
}

// Mean of the two values in the middle, of at least one.
export function median(values) {
  const ordered = [...values].sort((a, b) => a - b), half = ordered.length >> 1;
  return (ordered[half] + ordered[ordered.length - 1 - half]) / 2;
}

export const clip = (value, low, high) => Math.min(Math.max(value, low), high);

// Map a point by an affine of six numbers, row by row.
export const apply = (m, x, y) => [m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]];

// Crop pixels → image pixels of the upright square around a region {x, y, width, height, angle};
// as `rectangle_to_image` of blazetrack/geometry.py.
export function rectangleToImage(roi, [height, width]) {
  const side = Math.max(roi.width, roi.height);
  const cos = Math.cos(roi.angle), sin = Math.sin(roi.angle);
  const xx = (cos * side) / width, xy = (-sin * side) / height;
  const yx = (sin * side) / width, yy = (cos * side) / height;
  return [
    xx, xy, roi.x - ((xx * width) / 2 + (xy * height) / 2),
    yx, yy, roi.y - ((yx * width) / 2 + (yy * height) / 2),
  ];
}
