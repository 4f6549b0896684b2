// The page: images of this device → worker → skeleton.

import { Camera } from "./camera.js";
import { Engine } from "./engine.js";
import { PagePanel } from "./page_panel.js";
import { Recorder } from "./recorder.js";
import { drawPeople, sideColors } from "./shared/overlay.js";
import { WorldView } from "./shared/world.js";

const FIGURES_MS = 500;
const WORKER_MS = 4000; // for the service worker to begin; without it the page works too
const SECOND_VISIT = "blazetrack-reloaded";

const $ = (id) => document.getElementById(id);
const canvas = $("picture"), context = canvas.getContext("2d");
const query = new URLSearchParams(location.search);
const panel = new PagePanel(), world = new WorldView($("world"));
const engine = new Engine((name, text) => {
  if (page.state.accelerator === "webgpu") page.gpu = false; // it may be lost
  fail(Object.assign(new Error(text), { name }), load);
});
const camera = new Camera(show, ended);

// The state of the page; also for tests and for the console.
const page = (window.blazetrack = {
  engine, camera, state: null, skeleton: null, result: null, frames: 0, seen: 0, times: [], shown: [], recorder: null, error: null,
  threads: 0, isolated: self.crossOriginIsolated, again: null, missed: false,
  gpu: query.get("gpu") !== "0", several: query.get("threads") !== "1",
});

// Headers that threads need come from the service worker, which the first load of a page does not have.
async function prepare() {
  if (!("serviceWorker" in navigator)) return;
  try {
    navigator.serviceWorker.addEventListener("message", ({ data }) => data.type === "not kept" && panel.notify(
      "The storage of this device is full: the page works, but not without a network. Free some space and load it again."));
    await navigator.serviceWorker.register("sw.js");
    const late = new Promise((resolve) => setTimeout(resolve, WORKER_MS));
    await Promise.race([navigator.serviceWorker.ready, late]);
    if (self.crossOriginIsolated || sessionStorage.getItem(SECOND_VISIT)) return;
    sessionStorage.setItem(SECOND_VISIT, "1");
    location.reload();
    await new Promise(() => {}); // until the page is loaded again
  } catch (error) {
    console.info(`The page is not kept on this device: ${error.message}`);
  }
}

async function load() {
  panel.cover("Loading …", "The networks come to this device once; later visits need no network.");
  $("status").textContent = "loading …";
  page.error = null;
  try {
    page.state = await engine.start({ gpu: page.gpu, several: page.several });
  } catch (error) {
    return fail(error, load);
  }
  const { names, edges, threads, accelerator, models } = page.state;
  page.threads = threads;
  page.skeleton = { names, edges, colors: sideColors(names) };
  $("status").textContent = models.join(" · ");
  $("device").textContent = accelerator === "webgpu"
    ? "Runs on the graphics processor of this device."
    : `Runs on the processor of this device, ${threads === 1 ? "1 thread" : `${threads} threads`}.`;
  for (const id of ["camera", "file-button"]) $(id).disabled = false;
  if (camera.picture) camera.show();
  else if (!camera.kind) {
    page.again = () => use(() => camera.start(), "Starting the camera …", "The browser may ask whether this page may use it.");
    panel.cover("See your own movement", "Images stay on this device.", { start: "Start the camera", file: true });
  }
}

function fail(error, again) {
  page.error = error.name ?? error;
  page.again = again;
  panel.fail(error, Boolean(page.state) && again !== load);
}

// Take images from a source that `open` opens.
async function use(open, title, text) {
  page.error = null;
  panel.cover(title, text);
  finishRecording();
  page.times.length = page.shown.length = 0;
  setPressed("pause", false, "Pause");
  try {
    await open();
  } catch (error) {
    camera.stop();
    fail(error, () => use(open, title, text));
  }
  $("mirror").checked = camera.front;
  $("flip").disabled = camera.kind !== "camera";
  $("pause").disabled = $("record").disabled = !camera.kind || camera.kind === "picture";
}

function ended(name) {
  finishRecording();
  if (name === "film") {
    setPressed("pause", true, "Play again");
    return;
  }
  camera.stop();
  fail(name, () => use(() => camera.start(), "Starting the camera …", ""));
}

// Track one image and draw it.
async function show(bitmap, time, options) {
  if (engine.busy) {
    page.missed = options.still;
    return bitmap.close();
  }
  const result = await engine.track({ bitmap }, { time, ...options });
  if (!result) return;
  draw(result);
  result.bitmap.close();
  if (page.missed) {
    page.missed = false;
    camera.show();
  }
}

function draw({ bitmap, width, height, pose, ...result }) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const mirror = $("mirror").checked;
  context.save();
  if (mirror) context.setTransform(-1, 0, 0, 1, width, 0);
  context.drawImage(bitmap, 0, 0, width, height);
  context.restore();
  const { calibrated } = page.state, boxes = $("boxes").checked;
  drawPeople(context, { poses: pose ? [pose] : [] }, page.skeleton, { mirror, boxes, scale: 1, calibrated });
  world.draw(pose, page.skeleton, mirror);
  panel.uncover();
  page.result = { width, height, pose, ...result };
  page.frames += 1;
  page.seen += pose ? 1 : 0;
  page.recorder?.add(page.result);
  append(page.times, result.ms);
  append(page.shown, performance.now());
  $("badge").hidden = false;
  $("badge").classList.toggle("recording", Boolean(page.recorder));
  $("badge").textContent = [page.recorder && "recording", pose ? `person ${pose.id}` : "no person"].filter(Boolean).join(" · ");
}

function append(list, value) {
  list.push(value);
  if (list.length > 60) list.shift();
}

function showFigures() {
  const { times, shown, result } = page;
  if (!result || performance.now() - (shown.at(-1) ?? 0) > 2000) return;
  const seconds = (shown.at(-1) - shown[0]) / 1000, sorted = [...times].sort((a, b) => a - b);
  $("fps").textContent = seconds > 0 ? ((shown.length - 1) / seconds).toFixed(1) : "–";
  $("time").textContent = `${sorted[sorted.length >> 1].toFixed(1)} ms`;
  $("detector").textContent = result.detectorRuns;
}

function setPressed(id, pressed, text) {
  $(id).setAttribute("aria-pressed", pressed);
  $(id).textContent = text;
}

function finishRecording() {
  const recorder = page.recorder;
  page.recorder = null;
  setPressed("record", false, "Record");
  if (!recorder?.records.length) return;
  for (const [name, text] of [["poses.jsonl", recorder.jsonLines], ["poses.csv", recorder.csv]]) {
    const item = document.createElement("li"), link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = link.textContent = name;
    item.append(link, ` ${recorder.records.length} images`);
    $("downloads").append(item);
  }
}

const openFile = (file) => file && use(() => camera.open(file), "Opening …", file.name);

$("start").onclick = () => page.again?.();
$("camera").onclick = () => use(() => camera.start(), "Starting the camera …", "The browser may ask whether this page may use it.");
$("flip").onclick = () => use(() => camera.flip(), "Changing the camera …", "");
for (const id of ["file-button", "panel-file"]) $(id).onclick = () => $("file").click();
$("file").onchange = ({ target }) => {
  openFile(target.files[0]);
  target.value = ""; // so that the same file can be opened again
};
$("stage").ondragover = (event) => event.preventDefault();
$("stage").ondrop = (event) => {
  event.preventDefault();
  if (page.state) openFile(event.dataTransfer.files[0]);
};
$("pause").onclick = ({ target }) => {
  const paused = target.getAttribute("aria-pressed") !== "true";
  camera.hold(paused);
  setPressed("pause", paused, paused ? "Resume" : "Pause");
};
$("record").onclick = () => {
  if (page.recorder) return finishRecording();
  page.recorder = new Recorder();
  setPressed("record", true, "Stop recording");
};
for (const id of ["mirror", "boxes"]) $(id).onchange = () => camera.show();
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && page.frames && camera.kind && camera.kind !== "picture") panel.notify("The page was in the background and runs again.");
});
setInterval(showFigures, FIGURES_MS);

await prepare();
await load();
