// Images of the browser: of its camera, a film or a picture. Sends the newest image once the landmarks
// of the last one are back.

const MAX_SIDE = 640; // of a camera and a film
const MAX_PICTURE_SIDE = 1280;
const QUALITY = 0.8, PICTURE_QUALITY = 0.92;
const TIMEOUT_MS = 3000; // after which the next image is sent without a reply
const LOAD_MS = 15000; // for a film or picture to open

export class Camera {
  // `send(number, timeMs, jpeg)` sends an image, `begin(still)` announces another film or picture
  constructor(send, begin) {
    this.send = send;
    this.begin = begin;
    this.video = document.createElement("video");
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.onended = () => this.replay();
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.number = 0;
    this.inFlight = null;
    this.paused = false;
    this.running = false;
    this.picture = null;
    this.attempt = 0; // of opening; an older one that ends later has no effect
  }

  // Open a camera, by default the one that the browser chooses.
  async start(deviceId) {
    this.stop();
    const attempt = this.attempt;
    if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("", "InsecureError");
    const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" };
    const stream = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: MAX_SIDE }, height: { ideal: 480 }, ...which },
      audio: false,
    });
    if (attempt !== this.attempt) return stream.getTracks().forEach((track) => track.stop());
    this.stream = stream;
    this.track.onended = () => this.onended?.();
    this.video.srcObject = stream;
    await this.video.play();
    if (attempt === this.attempt) this.run(false);
  }

  // Open a picture or film of this device; it is decoded here and never sent as a file.
  async open(file) {
    this.stop();
    const attempt = this.attempt;
    this.address = URL.createObjectURL(file);
    const opened = file.type.startsWith("image/") ? this.openPicture() : this.openFilm();
    let timer;
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error()), LOAD_MS)));
    try {
      await Promise.race([opened, late]);
    } catch {
      if (attempt !== this.attempt) return;
      throw new DOMException("", "UnknownFormatError");
    } finally {
      clearTimeout(timer);
    }
    if (attempt === this.attempt) this.run(Boolean(this.picture));
  }

  async openPicture() {
    const picture = new Image();
    picture.src = this.address;
    await picture.decode();
    this.picture = picture;
  }

  async openFilm() {
    this.video.src = this.address;
    await this.video.play();
    if (!this.video.videoWidth) throw new Error("no pictures, only sound");
  }

  run(still) {
    this.begin(still);
    this.running = true;
    this.paused = false;
    if (still) this.repeat();
    else this.next();
  }

  stop() {
    this.attempt += 1;
    this.running = false;
    this.inFlight = null;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = this.picture = null;
    this.video.pause();
    this.video.srcObject = null;
    this.video.removeAttribute("src");
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = null;
  }

  get track() {
    return this.stream?.getVideoTracks()[0];
  }

  get front() {
    return Boolean(this.stream) && this.track.getSettings().facingMode !== "environment";
  }

  get deviceId() {
    return this.track?.getSettings().deviceId ?? "";
  }

  // The cameras of this device: id and name; names are known once one was allowed.
  async devices() {
    const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    return all.filter(({ kind, deviceId }) => kind === "videoinput" && deviceId);
  }

  set hold(paused) {
    this.paused = paused;
    if (this.address && !this.picture) this.video[paused ? "pause" : "play"]();
  }

  replay() {
    if (!this.running || !this.address) return;
    this.begin(false);
    this.video.play();
  }

  next() {
    if (!this.running) return;
    const captured = () => {
      this.capture(performance.now());
      this.next();
    };
    if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(captured);
    else requestAnimationFrame(captured);
  }

  // Send the picture, also again after options have changed.
  repeat() {
    if (!this.running || !this.picture) return;
    this.inFlight = null;
    this.capture(performance.now());
  }

  capture(now) {
    const image = this.picture ?? this.video;
    const wide = image.naturalWidth ?? image.videoWidth, high = image.naturalHeight ?? image.videoHeight;
    if (this.paused || !this.running || !wide) return;
    if (this.inFlight && now - this.inFlight.captureMs < TIMEOUT_MS) return;
    const scale = Math.min(1, (this.picture ? MAX_PICTURE_SIDE : MAX_SIDE) / Math.max(wide, high));
    const width = Math.max(16, Math.round(wide * scale)), height = Math.max(16, Math.round(high * scale));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    const sent = { number: (this.number = (this.number + 1) >>> 0), captureMs: now };
    this.inFlight = sent;
    this.context.fillStyle = "#fff"; // behind transparent pictures
    this.context.fillRect(0, 0, width, height);
    this.context.drawImage(image, 0, 0, width, height);
    this.canvas.toBlob((jpeg) => {
      if (jpeg && this.inFlight === sent) this.send(sent.number, now, jpeg);
      else if (this.inFlight === sent) this.inFlight = null;
    }, "image/jpeg", this.picture ? PICTURE_QUALITY : QUALITY);
  }

  // The capture time of the image in flight; null for any other image.
  captureTime(number) {
    return this.inFlight?.number === number ? this.inFlight.captureMs : null;
  }

  release() {
    this.inFlight = null;
  }
}
