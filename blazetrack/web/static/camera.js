// The browser's own camera: one picture at a time goes out, the newest, when the last is answered.

const WIDEST = 640;
const QUALITY = 0.8;
const GIVE_UP_MS = 3000; // a picture that nobody answers does not hold up the next for longer

export class Camera {
  // `send(number, timeMs, jpeg)` takes a picture
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
    this.dropped = 0;
  }

  async start() {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error(
        "This browser gives its camera only to https pages and to localhost: start blazetrack serve with --https.",
      );
    }
    this.stream = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: WIDEST }, height: { ideal: 480 }, facingMode: "user" },
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
    const seen = () => {
      this.arrived(performance.now());
      this.next();
    };
    if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(seen);
    else requestAnimationFrame(seen);
  }

  arrived(now) {
    if (this.paused || !this.running || !this.video.videoWidth) return;
    if (this.inFlight && now - this.inFlight.arrived < GIVE_UP_MS) {
      this.dropped += 1;
      return;
    }
    const scale = Math.min(1, WIDEST / Math.max(this.video.videoWidth, this.video.videoHeight));
    const width = Math.round(this.video.videoWidth * scale);
    const height = Math.round(this.video.videoHeight * scale);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    const picture = { number: (this.number = (this.number + 1) >>> 0), arrived: now };
    this.inFlight = picture;
    this.context.drawImage(this.video, 0, 0, width, height);
    this.canvas.toBlob((jpeg) => {
      if (jpeg && this.inFlight === picture) this.send(picture.number, now, jpeg);
      else if (this.inFlight === picture) this.inFlight = null;
    }, "image/jpeg", QUALITY);
  }

  // The answer to a picture; returns when it arrived, or null where it is not awaited any more.
  answered(number) {
    if (this.inFlight?.number !== number) return null;
    return this.inFlight.arrived;
  }

  release() {
    this.inFlight = null;
  }
}
