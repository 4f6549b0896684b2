// Images of a camera, a film or a picture of this device.

const IDEAL = { width: { ideal: 640 }, height: { ideal: 480 } };
const LOAD_MS = 15000; // for a film or picture to open

export class Camera {
  // `frame(bitmap, time, {reset, still})` takes an image and returns a promise; the next image follows
  // when it is settled. `ended(name)` is called when no more images come.
  constructor(frame, ended) {
    Object.assign(this, { frame, ended, facing: "user", paused: false, attempt: 0 });
    this.video = document.createElement("video");
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.onended = () => {
      if (this.kind !== "film") return;
      this.fresh = true; // it may be played again
      this.ended("film");
    };
    document.addEventListener("visibilitychange", () => document.hidden || this.resume());
  }

  async start(facing = this.facing) {
    const attempt = this.stop();
    if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("", "InsecureError");
    const stream = await navigator.mediaDevices.getUserMedia({ video: { ...IDEAL, facingMode: facing }, audio: false });
    if (attempt !== this.attempt) return stream.getTracks().forEach((track) => track.stop());
    Object.assign(this, { stream, facing, kind: "camera" });
    this.track.onended = () => attempt === this.attempt && this.ended("Disconnected");
    this.video.srcObject = stream;
    await this.video.play();
    this.run(attempt);
  }

  flip() {
    return this.start(this.front ? "environment" : "user");
  }

  async open(file) {
    const attempt = this.stop();
    this.address = URL.createObjectURL(file);
    this.kind = file.type.startsWith("image/") ? "picture" : "film";
    let timer;
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("late")), LOAD_MS)));
    try {
      await Promise.race([this.kind === "picture" ? this.openPicture() : this.openFilm(), late]);
    } catch {
      if (attempt === this.attempt) throw new DOMException("", "UnknownFormatError");
    } finally {
      clearTimeout(timer);
    }
    this.run(attempt);
  }

  async openPicture() {
    this.picture = new Image();
    this.picture.src = this.address;
    await this.picture.decode();
  }

  async openFilm() {
    this.video.src = this.address;
    await this.video.play();
    if (!this.video.videoWidth) throw new Error("no pictures, only sound");
  }

  // End the source; returns the number of the next attempt to open one.
  stop() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.video.pause();
    this.video.srcObject = null;
    this.video.removeAttribute("src");
    if (this.address) URL.revokeObjectURL(this.address);
    Object.assign(this, { stream: null, picture: null, address: null, kind: null, paused: false });
    return (this.attempt += 1);
  }

  get track() {
    return this.stream?.getVideoTracks()[0];
  }

  get front() {
    return Boolean(this.stream) && this.track.getSettings().facingMode !== "environment";
  }

  hold(paused) {
    this.paused = paused;
    if (this.kind === "film") this.video[paused ? "pause" : "play"]();
  }

  // After the page was in the background, where browsers pause the video and may take the camera away.
  resume() {
    if (this.stream && this.track.readyState === "ended") this.ended("Disconnected");
    else if (this.kind && this.kind !== "picture" && !this.paused) this.video.play().catch(() => this.ended("Disconnected"));
  }

  // Send the picture again, after the worker was started anew.
  async show() {
    if (this.picture) await this.frame(await createImageBitmap(this.picture), 0, { reset: true, still: true });
  }

  run(attempt) {
    if (attempt !== this.attempt) return;
    this.fresh = true; // the next image begins another clip
    if (this.picture) this.show();
    else this.next(attempt);
  }

  next(attempt) {
    const taken = async (now, metadata) => {
      if (attempt !== this.attempt) return;
      if (!this.paused && this.video.videoWidth) await this.take(now, metadata).catch(() => null);
      this.next(attempt);
    };
    if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(taken);
    else requestAnimationFrame((now) => taken(now));
  }

  async take(now, metadata) {
    const time = this.kind === "film" ? metadata?.mediaTime ?? this.video.currentTime : now / 1000;
    const reset = this.fresh;
    this.fresh = false;
    await this.frame(await createImageBitmap(this.video), time, { reset, still: false });
  }
}
