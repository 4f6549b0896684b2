// The camera of the browser: sends the newest image once the landmarks of the last one are back.

const MAX_SIDE = 640;
const QUALITY = 0.8;
const TIMEOUT_MS = 3000; // after which the next image is sent without a reply

export class Camera {
  // `send(number, timeMs, jpeg)` sends an image
  constructor(send) {
    this.send = send;
    this.video = document.createElement("video");
    this.video.muted = true;
    this.video.playsInline = true;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.number = 0;
    this.inFlight = null;
    this.paused = false;
    this.running = false;
  }

  async start() {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error(
        "This browser allows its camera on https pages and localhost only: start blazetrack serve with --https.",
      );
    }
    this.stream = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: MAX_SIDE }, height: { ideal: 480 }, facingMode: "user" },
      audio: false,
    });
    this.stream.getVideoTracks()[0].onended = () => this.onended?.();
    this.video.srcObject = this.stream;
    await this.video.play();
    this.running = true;
    this.next();
  }

  stop() {
    this.running = false;
    this.inFlight = null;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  }

  get front() {
    return this.stream?.getVideoTracks()[0]?.getSettings().facingMode !== "environment";
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

  capture(now) {
    if (this.paused || !this.running || !this.video.videoWidth) return;
    if (this.inFlight && now - this.inFlight.captureMs < TIMEOUT_MS) return;
    const scale = Math.min(1, MAX_SIDE / Math.max(this.video.videoWidth, this.video.videoHeight));
    const width = Math.round(this.video.videoWidth * scale);
    const height = Math.round(this.video.videoHeight * scale);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    const image = { number: (this.number = (this.number + 1) >>> 0), captureMs: now };
    this.inFlight = image;
    this.context.drawImage(this.video, 0, 0, width, height);
    this.canvas.toBlob((jpeg) => {
      if (jpeg && this.inFlight === image) this.send(image.number, now, jpeg);
      else if (this.inFlight === image) this.inFlight = null;
    }, "image/jpeg", QUALITY);
  }

  // The capture time of the image in flight; null for any other image.
  captureTime(number) {
    return this.inFlight?.number === number ? this.inFlight.captureMs : null;
  }

  release() {
    this.inFlight = null;
  }
}
