// The panel over the image: what the page waits for, what failed, and what to do about it.

const $ = (id) => document.getElementById(id);

const NOTICE_MS = 8000;
const AGAIN = "Try again";

// By the name of an exception of the browser, of the camera or of the worker: title, advice, text of
// the button.
const FAULTS = {
  NotAllowedError: [
    "The camera is blocked for this page",
    "Allow it in the browser: press the camera symbol or the lock in the address bar, or open the settings of this site. Then try again.",
  ],
  NotFoundError: ["No camera was found", "Connect one and try again, or open a picture or film."],
  NotReadableError: [
    "The camera does not deliver images",
    "Another program may be using it. Close that program, then try again.",
  ],
  OverconstrainedError: ["This camera is not there any more", "Connect it and try again, or open a picture or film."],
  InsecureError: [
    "This page may not use the camera",
    "Browsers allow it on https pages and on localhost only. Open this page by such an address; a picture or film works here too.",
  ],
  UnknownFormatError: ["The browser cannot show this file", "Try another one: JPEG, PNG or MP4."],
  Disconnected: ["The camera stopped", "Connect it again, or close the program that took it. Then try again."],
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

export class Panel {
  constructor() {
    this.covered = true;
  }

  // `start` is the text of the button, `file` whether a file can be chosen here.
  cover(title, text = "", { start = "", file = false, fault = false } = {}) {
    this.covered = true;
    $("panel").hidden = false;
    $("panel").classList.toggle("fault", fault);
    $("panel-title").textContent = title;
    $("panel-text").textContent = text;
    $("panel-text").className = "";
    $("start").hidden = !start;
    $("start").textContent = start;
    $("panel-file").hidden = !file;
  }

  // An exception, or a name of FAULTS.
  fail(error, file) {
    const [title, advice] = FAULTS[error.name ?? error] ?? ["The page cannot go on", AGAIN];
    const detail = ["MissingFile", "Offline", "OldBrowser", "EngineFailed"].includes(error.name) || !FAULTS[error.name ?? error] ? error.message : "";
    this.cover(title, [advice, detail && `(${detail})`].filter(Boolean).join(" "), { start: AGAIN, file, fault: true });
  }

  uncover() {
    if (!this.covered) return;
    this.covered = false;
    $("panel").hidden = true;
  }

  notify(text) {
    $("message").textContent = text;
    $("message").hidden = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => ($("message").hidden = true), NOTICE_MS);
  }
}
