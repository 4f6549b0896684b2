// The world landmarks in three dimensions, turned by dragging or with the arrow keys.

const METRES = 2.2; // height of the view
const FAR = 4; // metres from the eye

export class Space {
  constructor(canvas) {
    this.canvas = canvas;
    this.turn = 0.5;
    this.tilt = 0.15;
    this.last = null;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.held = [event.clientX, event.clientY];
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.held) return;
      this.rotate((event.clientX - this.held[0]) / 120, (event.clientY - this.held[1]) / 120);
      this.held = [event.clientX, event.clientY];
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, () => (this.held = null));
    }
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, -0.15], ArrowDown: [0, 0.15] }[event.key];
      if (!step) return;
      event.preventDefault();
      this.rotate(...step);
    });
  }

  rotate(turn, tilt) {
    this.turn += turn;
    this.tilt = Math.max(-1.5, Math.min(1.5, this.tilt + tilt));
    if (this.last) this.draw(...this.last);
  }

  // x to the right, y down and z away from the camera, in metres → pixels
  project([x, y, z]) {
    const [s, c] = [Math.sin(this.turn), Math.cos(this.turn)];
    const [st, ct] = [Math.sin(this.tilt), Math.cos(this.tilt)];
    const [x1, z1] = [c * x + s * z, c * z - s * x];
    const [y1, z2] = [ct * y + st * z1, ct * z1 - st * y];
    const { width, height } = this.canvas;
    const scale = (height / METRES) * (FAR / (FAR + z2));
    return [width / 2 + x1 * scale, height / 2 + y1 * scale];
  }

  draw(person, skeleton) {
    this.last = [person, skeleton];
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.floor(context);
    if (!person) return;
    const points = person.world_landmarks_m.map((point) => this.project(point));
    context.lineWidth = 3;
    context.lineCap = "round";
    for (const [a, b] of skeleton.edges) {
      const faint = Math.min(person.visibility[a], person.visibility[b]) < 0.5;
      context.globalAlpha = faint ? 0.25 : 1;
      context.strokeStyle = skeleton.colors[a] === skeleton.colors[b] ? skeleton.colors[a] : "#8a93a0";
      context.beginPath();
      context.moveTo(...points[a]);
      context.lineTo(...points[b]);
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  // Squares of half a metre, a metre below the hips.
  floor(context) {
    context.strokeStyle = "#8884";
    context.lineWidth = 1;
    for (let i = -2; i <= 2; i++) {
      for (const [a, b] of [[[i / 2, 1, -1], [i / 2, 1, 1]], [[-1, 1, i / 2], [1, 1, i / 2]]]) {
        context.beginPath();
        context.moveTo(...this.project(a));
        context.lineTo(...this.project(b));
        context.stroke();
      }
    }
  }
}
