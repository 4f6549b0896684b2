// Masks in the compressed RLE of COCO, as blazetrack/mask_rle.py writes it.

const STRENGTH = 0.45; // opacity

// One byte per pixel, 0 or 1, down the columns.
export function decodeMask({ size: [height, width], counts }) {
  const runs = [];
  for (let i = 0; i < counts.length; ) {
    let number = 0, shift = 0, group;
    do {
      group = counts.charCodeAt(i++) - 48;
      number |= (group & 31) << shift;
      shift += 5;
    } while (group & 32);
    if (group & 16) number |= -1 << shift;
    runs.push(runs.length > 2 ? number + runs[runs.length - 2] : number);
  }
  const pixels = new Uint8Array(width * height);
  let at = 0;
  runs.forEach((run, i) => {
    if (i % 2) pixels.fill(1, at, at + run);
    at += run;
  });
  return pixels;
}

const buffer = document.createElement("canvas");

// Tint the mask of a person over the whole canvas; `color` is red, green and blue, 0 to 255.
export function drawMask(context, mask, color, mirror) {
  const [height, width] = mask.size, pixels = decodeMask(mask);
  buffer.width = width;
  buffer.height = height;
  const image = new ImageData(width, height);
  for (let x = 0, at = 0; x < width; x++) {
    for (let y = 0; y < height; y++, at++) {
      if (pixels[at]) image.data.set([...color, 255], 4 * (y * width + x));
    }
  }
  buffer.getContext("2d").putImageData(image, 0, 0);
  context.save();
  if (mirror) context.setTransform(-1, 0, 0, 1, context.canvas.width, 0);
  context.globalAlpha = STRENGTH;
  context.drawImage(buffer, 0, 0, context.canvas.width, context.canvas.height);
  context.restore();
}
