// Skeletons drawn onto the image: left side orange, right side blue, one label colour per id.

const LEFT = "#ff8a00", RIGHT = "#00c2ff", MIDDLE = "#f0f0f0";
const MIN_VISIBILITY = 0.5;

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

// Steps of the golden ratio, so that consecutive ids differ.
function idColor(id) {
  return `hsl(${(360 * ((0.33 + id * 0.618034) % 1)).toFixed(0)} 85% 55%)`;
}

function bounds(person) {
  const visible = person.landmarks_px.filter((_, i) => person.visibility[i] >= MIN_VISIBILITY);
  if (!visible.length) return null;
  const xs = visible.map((p) => p[0]), ys = visible.map((p) => p[1]);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

// `scale` is the ratio of canvas pixels to image pixels of the record.
export function drawPeople(context, record, skeleton, { mirror, boxes, scale }) {
  const width = context.canvas.width;
  const toCanvas = ([x, y]) => [mirror ? width - x * scale : x * scale, y * scale];
  const colors = skeleton.colors;
  for (const person of record.poses) {
    const box = bounds(person);
    if (!box) continue;
    const size = Math.max(box[3] - box[1], box[2] - box[0]) * scale;
    const lineWidth = Math.max(1.5, size / 130);
    const points = person.landmarks_px.map(toCanvas);
    const visible = person.visibility.map((v) => v >= MIN_VISIBILITY);
    context.lineCap = "round";
    context.lineWidth = lineWidth;
    for (const [a, b] of skeleton.edges) {
      if (!visible[a] || !visible[b]) continue;
      context.strokeStyle = colors[a] === colors[b] ? colors[a] : MIDDLE;
      drawLine(context, points[a], points[b]);
    }
    points.forEach((point, i) => {
      if (!visible[i]) return;
      context.fillStyle = colors[i];
      context.beginPath();
      context.arc(...point, 1.3 * lineWidth, 0, 7);
      context.fill();
    });
    label(context, person, toCanvas, box, boxes, scale);
  }
}

function label(context, person, toCanvas, box, boxes, scale) {
  const [a, b] = [toCanvas([box[0], box[1]]), toCanvas([box[2], box[3]])];
  const left = Math.min(a[0], b[0]), right = Math.max(a[0], b[0]);
  context.strokeStyle = context.fillStyle = idColor(person.id);
  if (boxes) {
    context.lineWidth = 2;
    context.strokeRect(left, a[1], right - left, b[1] - a[1]);
  }
  const text = `${person.id}`;
  context.font = "600 16px system-ui, sans-serif";
  const width = context.measureText(text).width + 14;
  const x = (left + right) / 2 - width / 2, y = Math.max(2, a[1] - 30 - 0.1 * (b[1] - a[1]));
  context.beginPath();
  context.roundRect(x, y, width, 22, 6);
  context.fill();
  context.fillStyle = "#000";
  context.fillText(text, x + 7, y + 17);
}
