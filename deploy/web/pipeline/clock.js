// Times that always rise, whatever the stamps do; as `SteadyClock` of blazetrack/common/clock.py.

import { median } from "./numbers.js";

const MIN_STEP_S = 0.001, MAX_GAP_S = 9 * 3600, MAX_HELD = 2, USUAL_STEPS = 20, KEPT_STEPS = 9;

export class SteadyClock {
  constructor(maxGapS) {
    Object.assign(this, { maxGapS, steps: [], stamp: null, time: 0, offset: 0, doubts: 0, held: 0, line: null });
  }

  // The time of a frame with this stamp, in seconds.
  next(stamp) {
    const last = this.stamp;
    this.stamp = stamp;
    if (last === null) return (this.time = stamp);
    const step = stamp - last, usual = this.usual;
    if (this.line !== null) return this.decide(stamp, step, ...this.line);
    if (this.isUsual(step)) {
      this.addStep(step);
      this.held = 0;
      return this.set(stamp + this.offset);
    }
    if (-usual <= step && step <= 0 && this.held < MAX_HELD) {
      this.stamp = last;
      this.held += 1;
      return this.set(this.time);
    }
    this.line = [last, this.time];
    this.doubts = 1;
    return this.shift(this.time + usual);
  }

  // The time of a frame after a doubtful one; `sure` is the stamp of the one before, `sureTime` its time.
  decide(stamp, step, sure, sureTime) {
    const usual = this.usual, jump = stamp - step - sure;
    if (this.isUsual(stamp - sure)) {
      this.line = null;
      return this.shift(Math.max(sureTime + stamp - sure, this.time + usual / 2));
    }
    if (this.isUsual(step)) {
      this.line = null;
      this.addStep(step);
      const gap = jump - (this.time - sureTime);
      return this.shift(this.time + step + (gap > 0 && gap < MAX_GAP_S ? gap : 0));
    }
    if (this.doubts === 1 && jump > 0 && jump / 2 < step && step < 2 * jump) { // a slower rate
      this.line = null;
      this.steps = [step];
      return this.shift(this.time + step);
    }
    this.doubts += 1;
    return this.shift(this.time + usual);
  }

  get usual() {
    return this.steps.length ? median(this.steps) : 1 / 30;
  }

  isUsual(step) {
    return step > 0 && step <= Math.max(this.maxGapS, USUAL_STEPS * this.usual);
  }

  addStep(step) {
    this.steps.push(step);
    if (this.steps.length > KEPT_STEPS) this.steps.shift();
  }

  // Set the time of this frame, and of the next ones by their distance from it.
  shift(time) {
    this.offset = time - this.stamp;
    return this.set(time);
  }

  set(time) {
    return (this.time = time > this.time ? time : this.time + MIN_STEP_S);
  }
}
