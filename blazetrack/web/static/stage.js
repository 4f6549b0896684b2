// The panel over the image: what the page waits for, what failed, and what to do about it.

const $ = (id) => document.getElementById(id);

const SERVER = "blazetrack serve --host 0.0.0.0 --https";

// By the name of an exception of getUserMedia or of camera.js: title, advice.
const FAILURES = {
  NotAllowedError: [
    "The camera is blocked for this page",
    "Allow it in the browser: press the camera symbol or the lock in the address bar, or open the settings of this site. Then try again.",
  ],
  NotFoundError: ["No camera was found", "Connect one and try again, or open a picture or film."],
  NotReadableError: [
    "The camera does not deliver images",
    "Another program may be using it. Close that program, then try again.",
  ],
  OverconstrainedError: ["This camera is not there any more", "Connect it and try again, or choose another one."],
  InsecureError: [
    "This page may not use the camera",
    `Browsers allow it on https pages and on localhost only. Start the server with: ${SERVER}`,
  ],
  UnknownFormatError: [
    "The browser cannot show this file",
    "Try another one (JPEG, PNG, MP4), or give it to the server: blazetrack serve FILE",
  ],
  Disconnected: ["The camera was disconnected", "Connect it again, then try again."],
};

export class Stage {
  constructor() {
    this.covered = true;
  }

  // `start` and `file` are whether the buttons are shown; `start` may be the text of its button.
  cover(title, text = "", { start = "", file = false, fault = false } = {}) {
    this.covered = true;
    $("panel").hidden = false;
    $("panel").classList.toggle("fault", fault);
    $("panel-title").textContent = title;
    $("panel-text").textContent = text;
    $("start").hidden = !start;
    $("start").textContent = start || "Start my camera";
    $("panel-file").hidden = !file;
  }

  invite() {
    const note = "Its images are sent only to the program that serves this page.";
    this.cover("See your own movement", note, { start: "Start my camera", file: true });
  }

  // An exception or a name of FAILURES.
  fail(error) {
    const known = FAILURES[error.name ?? error] ?? ["The camera cannot be opened", `${error.message ?? error}`];
    this.cover(...known, { start: "Try the camera again", file: true, fault: true });
  }

  uncover() {
    if (!this.covered) return;
    this.covered = false;
    $("panel").hidden = true;
  }
}

// Full screen of the stage; the button is hidden where the browser has none.
export function enableFullScreen(button, stage) {
  button.hidden = !document.fullscreenEnabled;
  button.onclick = () => (document.fullscreenElement ? document.exitFullscreen() : stage.requestFullscreen());
  stage.ondblclick = button.hidden ? null : () => document.fullscreenElement && document.exitFullscreen();
}
