// The page's side of the worker.

const NEEDED = ["WebAssembly", "OffscreenCanvas", "DecompressionStream", "createImageBitmap"];

export class Engine {
  // `fault(name, text)` is called where the worker cannot go on.
  constructor(fault) {
    this.fault = fault;
    this.number = 0;
    this.waiting = new Map();
    this.state = null;
  }

  // Load networks and runtime; `gpu` and `several` allow the graphics processor and several threads. Gives
  // {threads, accelerator, models, names, edges}.
  async start({ gpu = true, several = true } = {}) {
    this.stop();
    const missing = NEEDED.find((name) => !(name in self));
    if (missing) throw Object.assign(new Error(missing), { name: missing === "WebAssembly" ? "NoWebAssembly" : "OldBrowser" });
    return new Promise((resolve, reject) => {
      const worker = (this.worker = new Worker("worker.js"));
      const fail = (name, text) => {
        this.stop();
        if (this.state) this.fault(name, text);
        else reject(Object.assign(new Error(text), { name }));
        this.state = null;
      };
      worker.onerror = (event) => fail("EngineFailed", event.message ?? "");
      worker.onmessage = ({ data }) => {
        if (data.type === "loaded") worker.postMessage({ type: "start", gpu, several });
        else if (data.type === "ready") resolve((this.state = data));
        else if (data.type === "fault") fail(data.name, data.text);
        else this.settle(data);
      };
    });
  }

  stop() {
    this.worker?.terminate();
    this.worker = null;
    for (const resolve of this.waiting.values()) resolve(null);
    this.waiting.clear();
  }

  get busy() {
    return this.waiting.size > 0;
  }

  // Track one image: {bitmap} or {pixels, width, height, step}, with `time` in seconds, and `reset` for
  // another clip. Null where the worker ended.
  track(image, options) {
    if (!this.worker || !this.state) return Promise.resolve(null);
    const number = ++this.number, moved = image.bitmap ? [image.bitmap] : [];
    this.worker.postMessage({ type: "track", number, ...image, ...options }, moved);
    return new Promise((resolve) => this.waiting.set(number, resolve));
  }

  settle(result) {
    this.waiting.get(result.number)?.(result);
    this.waiting.delete(result.number);
  }
}
