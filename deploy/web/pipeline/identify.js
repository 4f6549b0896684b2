// Ids that stay: the node `identify` of the graph for one person, without the appearance; as
// blazetrack/tracking/identify.py, tracklet.py and assignment.py.

import { radius } from "./project.js";

const SMOOTH_S = 0.4, COAST_S = 1.5; // time constants of the velocity, and of its decay
const GATE = 1, SIZE_COST = 0.5; // distance in radii

class Tracklet {
  constructor(id, pose, time) {
    this.id = id;
    this.velocity = [0, 0];
    this.set(pose, time);
  }

  set(pose, time) {
    [this.x, this.y] = pose.alignment;
    this.radius = radius(pose);
    this.time = time;
  }

  predicted(time) {
    const moving = COAST_S * -Math.expm1(-Math.max(0, time - this.time) / COAST_S);
    return [this.x + this.velocity[0] * moving, this.y + this.velocity[1] * moving];
  }

  update(pose, time) {
    const passed = Math.max(time - this.time, 0), weight = -Math.expm1(-passed / SMOOTH_S);
    if (passed > 0) {
      const [x, y] = pose.alignment, moved = [(x - this.x) / passed, (y - this.y) / passed];
      this.velocity = this.velocity.map((v, axis) => v + weight * (moved[axis] - v));
    }
    this.set(pose, time);
  }
}

export class Identify {
  constructor(memoryS) {
    this.memoryS = memoryS;
    this.reset();
  }

  reset() {
    this.given = 0;
    this.restart();
  }

  // Ids go on, so that no person of a new scene gets an old one.
  restart() {
    this.tracklets = [];
  }

  // The pose, or null, with an id.
  assign(pose, time) {
    this.tracklets = this.tracklets.filter((one) => Math.abs(time - one.time) <= this.memoryS);
    if (pose === null) return null;
    const id = pose.id || this.lost(pose, time) || ++this.given;
    const tracklet = this.tracklets.find((one) => one.id === id);
    if (tracklet) tracklet.update(pose, time);
    else this.tracklets.push(new Tracklet(id, pose, time));
    return pose.id === id ? pose : { ...pose, id };
  }

  // Id of the lost person that a new pose fits best, by predicted position and size; else 0.
  lost(pose, time) {
    let best = 0, least = Infinity;
    for (const one of this.tracklets) {
      const [x, y] = one.predicted(time), size = Math.max(one.radius, 1);
      const distance = Math.hypot(pose.alignment[0] - x, pose.alignment[1] - y) / size;
      const growth = Math.abs(Math.log(Math.max(radius(pose), 1) / size));
      const cost = Math.min(distance, GATE) + SIZE_COST * Math.min(growth, 1);
      if (distance <= GATE && cost < least) [best, least] = [one.id, cost];
    }
    return best;
  }
}
