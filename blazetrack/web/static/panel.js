// The panel over the image, of the live page and of the exported one: what the page waits for, what
// failed, and what to do about it.

const $ = (id) => document.getElementById(id);

const NOTICE_MS = 8000;

// By the name of an exception of getUserMedia or of camera.js: title, advice.
export const CAMERA_FAULTS = {
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
  InsecureError: ["This page may not use the camera", "Browsers allow it on https pages and on localhost only."],
  UnknownFormatError: ["The browser cannot show this file", "Try another one: JPEG, PNG or MP4."],
  Disconnected: ["The camera stopped", "Connect it again, or close the program that took it. Then try again."],
};

// An entry of CAMERA_FAULTS with advice that only one of the pages can give.
export function withAdvice(name, text) {
  const [title, advice] = CAMERA_FAULTS[name];
  return { [name]: [title, `${advice} ${text}`] };
}

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

  uncover() {
    if (!this.covered) return;
    this.covered = false;
    $("panel").hidden = true;
  }

  // A text under the image for some seconds, or until the next one.
  notify(text, keep = false) {
    $("message").textContent = text;
    $("message").hidden = false;
    clearTimeout(this.timer);
    if (!keep) this.timer = setTimeout(() => ($("message").hidden = true), NOTICE_MS);
  }
}
