// The panel of the live page, and full screen of its image.

import { CAMERA_FAULTS, Panel, withAdvice } from "./panel.js";

const SERVER = "blazetrack serve --host 0.0.0.0 --https";

const FAULTS = {
  ...CAMERA_FAULTS,
  ...withAdvice("InsecureError", `Start the server with: ${SERVER}`),
  ...withAdvice("UnknownFormatError", "Or give it to the server: blazetrack serve FILE"),
};

export class Stage extends Panel {
  invite() {
    const note = "Its images are sent only to the program that serves this page.";
    this.cover("See your own movement", note, { start: "Start my camera", file: true });
  }

  // An exception or a name of FAULTS.
  fail(error) {
    const known = FAULTS[error.name ?? error] ?? ["The camera cannot be opened", `${error.message ?? error}`];
    this.cover(...known, { start: "Try the camera again", file: true, fault: true });
  }
}

// Full screen of the stage; the button is hidden where the browser has none.
export function enableFullScreen(button, stage) {
  button.hidden = !document.fullscreenEnabled;
  button.onclick = () => (document.fullscreenElement ? document.exitFullscreen() : stage.requestFullscreen());
  stage.ondblclick = button.hidden ? null : () => document.fullscreenElement && document.exitFullscreen();
}
