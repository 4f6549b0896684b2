// The world landmarks in three dimensions, rotated by dragging or with the arrow keys.

import { drawLine } from "./overlay.js";

const HEIGHT_M = 3.1; // of the view: from the floor to the hands above the head
const MIDDLE_M = 0.2; // of the view above the hips
const FIT = 0.94; // share of the canvas that points may fill
const ZOOM_STEP = 0.05; // return to the full size per image
const DISTANCE_M = 4; // from the viewpoint

export class WorldView {
  constructor(canvas) {
    this.canvas = canvas;
    this.yaw = 0.5;
    this.pitch = 0.15;
    this.last = null;
    this.zoom = 1;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.pointer = [event.clientX, event.clientY];
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.pointer) return;
      this.rotate((event.clientX - this.pointer[0]) / 120, (event.clientY - this.pointer[1]) / 120);
      this.pointer = [event.clientX, event.clientY];
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, () => (this.pointer = null));
    }
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, -0.15], ArrowDown: [0, 0.15] }[event.key];
      if (!step) return;
      event.preventDefault();
      this.rotate(...step);
    });
  }

  rotate(yaw, pitch) {
    this.yaw += yaw;
    this.pitch = Math.max(-1.5, Math.min(1.5, this.pitch + pitch));
    if (this.last) this.draw(...this.last);
  }

  // x to the right, y down and z away from the camera, in metres → pixels
  project([x, y, z]) {
    const [s, c] = [Math.sin(this.yaw), Math.cos(this.yaw)];
    const [st, ct] = [Math.sin(this.pitch), Math.cos(this.pitch)];
    const [x1, z1] = [c * x + s * z, c * z - s * x];
    const [y1, z2] = [ct * y + st * z1, ct * z1 - st * y];
    const { width, height } = this.canvas;
    const scale = this.zoom * (height / HEIGHT_M) * (DISTANCE_M / Math.max(1, DISTANCE_M + z2));
    return [width / 2 + x1 * scale, height / 2 + (y1 + MIDDLE_M) * scale];
  }

  // Smaller at once where a point would be outside, larger again step by step.
  fit(points) {
    const { width, height } = this.canvas;
    const outside = points.map(([x, y]) =>
      Math.max(Math.abs(x - width / 2) / width, Math.abs(y - height / 2) / height) * 2 / FIT);
    const wanted = Math.min(1, this.zoom / Math.max(1e-6, ...outside));
    this.zoom = wanted < this.zoom ? wanted : this.zoom + ZOOM_STEP * (wanted - this.zoom);
  }

  // `mirror` shows the person as in a mirror, as the picture.
  draw(person, skeleton, mirror) {
    this.last = [person, skeleton, mirror];
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const turned = (person?.world_landmarks_m ?? []).map(([x, y, z]) => [mirror ? -x : x, y, z]);
    if (person) this.fit(turned.map((point) => this.project(point)));
    this.floor(context);
    if (!person) return;
    const points = (this.points = turned.map((point) => this.project(point)));
    context.lineWidth = 3;
    context.lineCap = "round";
    for (const [a, b] of skeleton.edges) {
      const hidden = Math.min(person.visibility[a], person.visibility[b]) < 0.5;
      context.globalAlpha = hidden ? 0.25 : 1;
      context.strokeStyle = skeleton.colors[a] === skeleton.colors[b] ? skeleton.colors[a] : "#8a93a0";
      drawLine(context, points[a], points[b]);
    }
    context.globalAlpha = 1;
  }

  // A grid of 0.5 m, 1 m below the hips.
  floor(context) {
    context.strokeStyle = "#8884";
    context.lineWidth = 1;
    for (let i = -2; i <= 2; i++) {
      for (const [a, b] of [[[i / 2, 1, -1], [i / 2, 1, 1]], [[-1, 1, i / 2], [1, 1, i / 2]]]) {
        drawLine(context, this.project(a), this.project(b));
      }
    }
  }
}
