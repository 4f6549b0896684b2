// A classic worker: LiteRT.js calls `importScripts`, which module workers do not have.

import("./worker_main.js").catch((error) =>
  self.postMessage({ type: "fault", name: "MissingFile", text: String(error.message ?? error) }));
