// Skeletons drawn onto the image: left side orange, right side blue, one label colour per id.

import { drawMask } from "./masks.js";

const LEFT = "#ff8a00", RIGHT = "#00c2ff", MIDDLE = "#f0f0f0";
const MIN_VISIBILITY = 0.5, SURE_VISIBILITY = 0.75;
const TORSO = ["left_shoulder", "right_shoulder", "left_hip", "right_hip"];

export function sideColors(names) {
  return names.map((name) => {
    const words = name.split("_");
    return words.includes("left") ? LEFT : words.includes("right") ? RIGHT : MIDDLE;
  });
}

export function drawLine(context, from, to) {
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}

// Red, green and blue, 0 to 255, of a hue in steps of the golden ratio, so that consecutive ids
// differ; as `id_color` of blazetrack/render/people.py.
export function idColor(id) {
  const hue = 6 * ((0.33 + id * 0.618034) % 1);
  const channel = (shift) => {
    const place = (shift + hue) % 6;
    return Math.round(255 * 0.95 * (1 - 0.75 * Math.max(0, Math.min(place, 4 - place, 1))));
  };
  return [channel(5), channel(3), channel(1)];
}

// The parts of the graph `edges` that the chosen keypoints form: a number for each keypoint.
function parts(edges, chosen) {
  const part = chosen.map((_, i) => i);
  const root = (i) => (part[i] === i ? i : root(part[i]));
  for (const [a, b] of edges) if (chosen[a] && chosen[b]) part[root(a)] = root(b);
  return part.map((_, i) => root(i));
}

// Visible keypoints that visible ones connect with the torso; without a visible torso the largest
// parts. As blazetrack/render/limbs.py.
export function attached({ names, edges }, visible) {
  const figure = parts(edges, names.map(() => true)), part = parts(edges, visible);
  const bodies = new Set(part.filter((_, i) => visible[i] && TORSO.includes(names[i])));
  const withBody = new Set(figure.filter((_, i) => bodies.has(part[i])));
  const sizes = {}, most = {};
  part.forEach((p, i) => { if (visible[i]) sizes[p] = (sizes[p] ?? 0) + 1; });
  part.forEach((p, i) => { if (visible[i]) most[figure[i]] = Math.max(most[figure[i]] ?? 0, sizes[p]); });
  return visible.map((v, i) => v && (
    withBody.has(figure[i]) ? bodies.has(part[i]) : sizes[part[i]] === most[figure[i]]));
}

function bounds(person, visible) {
  const points = person.landmarks_px.filter((_, i) => visible[i]);
  if (!points.length) return null;
  const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

// `scale` is the ratio of canvas pixels to image pixels of the record; `calibrated`: see `personText`.
export function drawPeople(context, record, skeleton, { mirror, boxes, scale, calibrated }) {
  const width = context.canvas.width;
  const toCanvas = ([x, y]) => [mirror ? width - x * scale : x * scale, y * scale];
  const colors = skeleton.colors, taken = [];
  for (const { id, mask } of record.poses) if (mask) drawMask(context, mask, idColor(id), mirror);
  for (const person of record.poses) {
    const visible = attached(skeleton, person.visibility.map((v) => v >= MIN_VISIBILITY));
    const sure = person.visibility.map((v) => v >= SURE_VISIBILITY);
    const box = bounds(person, visible);
    if (!box) continue;
    const size = Math.max(box[3] - box[1], box[2] - box[0]) * scale;
    const lineWidth = Math.max(1.5, size / 130);
    const points = person.landmarks_px.map(toCanvas);
    context.lineCap = "round";
    for (const [a, b] of skeleton.edges) {
      if (!visible[a] || !visible[b]) continue;
      context.lineWidth = sure[a] && sure[b] ? lineWidth : lineWidth / 3;
      context.strokeStyle = colors[a] === colors[b] ? colors[a] : MIDDLE;
      drawLine(context, points[a], points[b]);
    }
    points.forEach((point, i) => {
      if (!visible[i]) return;
      context.fillStyle = colors[i];
      context.beginPath();
      context.arc(...point, (sure[i] ? 1.3 : 0.6) * lineWidth, 0, 7);
      context.fill();
    });
    label(context, person, toCanvas, box, { boxes, calibrated, taken });
  }
}

// Id and score: a calibrated probability in per cent, another score as 0..1. As person_text in
// blazetrack/render/labels.py.
export function personText({ id, score }, calibrated) {
  return `person ${id} · ${calibrated ? `${Math.round(100 * score)} %` : score.toFixed(2)}`;
}

// Labels are inside the picture and do not cover those in `taken`, as long as there is room.
function label(context, person, toCanvas, box, { boxes, calibrated, taken }) {
  const [a, b] = [toCanvas([box[0], box[1]]), toCanvas([box[2], box[3]])];
  const left = Math.min(a[0], b[0]), right = Math.max(a[0], b[0]);
  context.strokeStyle = context.fillStyle = `rgb(${idColor(person.id).join()})`;
  if (boxes) {
    context.lineWidth = 2;
    context.strokeRect(left, a[1], right - left, b[1] - a[1]);
  }
  const text = personText(person, calibrated);
  const canvas = context.canvas, font = Math.max(12, Math.min(canvas.width, canvas.height) / 28);
  context.font = `600 ${font}px system-ui, sans-serif`;
  const width = context.measureText(text).width + font, height = 1.4 * font;
  const x = Math.max(2, Math.min((left + right) / 2 - width / 2, canvas.width - width - 2));
  const y = freePlace(a[1] - 1.8 * font - 0.1 * (b[1] - a[1]), x, width, height, canvas, taken);
  taken.push([x, y, width]);
  context.beginPath();
  context.roundRect(x, y, width, height, 0.3 * font);
  context.fill();
  context.fillStyle = "#000";
  context.fillText(text, x + font / 2, y + font);
}

// The free height that is nearest to the wanted one; the wanted one where there is none.
function freePlace(wanted, x, width, height, canvas, taken) {
  const inside = (y) => Math.max(2, Math.min(y, canvas.height - height - 2));
  const covered = (y) => taken.some(([otherX, otherY, otherWidth]) =>
    x < otherX + otherWidth && otherX < x + width && Math.abs(y - otherY) < height + 2);
  for (let step = 0; step * height < 2 * canvas.height; step++) {
    const offset = (step % 2 ? -1 : 1) * Math.ceil(step / 2) * (height + 2);
    const y = inside(inside(wanted) + offset);
    if (!covered(y)) return y;
  }
  return inside(wanted);
}
