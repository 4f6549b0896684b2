// The panel of the exported page.

import { CAMERA_FAULTS, Panel, withAdvice } from "./shared/panel.js";

const AGAIN = "Try again";

// By the name of an exception of the browser, of the camera or of the worker: title, advice.
const FAULTS = {
  ...CAMERA_FAULTS,
  ...withAdvice("InsecureError", "Open this page by such an address; a picture or film works here too."),
  NoWebAssembly: [
    "WebAssembly is blocked here",
    "The networks need it. Switch off the lockdown mode of this device for this site, allow WebAssembly in the browser's settings, or use another browser. Then try again.",
  ],
  MissingFile: [
    "A file of this page is missing",
    "The owner of the page has to upload the whole folder that blazetrack export web wrote. Then try again.",
  ],
  Offline: ["No network, and the page is not yet whole on this device", "Connect to the network once, then try again."],
  OldBrowser: ["This browser is too old for the page", "Update it, or use another one: any of the year 2023 or later."],
  EngineFailed: ["The networks stopped", "The device may be short of memory: close other pages, then try again."],
};

export class PagePanel extends Panel {
  // An exception, or a name of FAULTS.
  fail(error, file) {
    const [title, advice] = FAULTS[error.name ?? error] ?? ["The page cannot go on", AGAIN];
    const detail = ["MissingFile", "Offline", "OldBrowser", "EngineFailed"].includes(error.name) || !FAULTS[error.name ?? error] ? error.message : "";
    this.cover(title, [advice, detail && `(${detail})`].filter(Boolean).join(" "), { start: AGAIN, file, fault: true });
  }
}
