// The page: shows the messages of the server and sends the changes of the controls.

import { Camera } from "./camera.js";
import { Chart } from "./chart.js";
import { Controls, setPressed } from "./controls.js";
import { drawPeople, sideColors } from "./overlay.js";
import { Connection } from "./socket.js";
import { enableFullScreen, Stage } from "./stage.js";
import { AngleTable, LandmarkTable } from "./table.js";
import { WorldView } from "./world.js";

const TABLE_EVERY_MS = 200;
const MEDIAN_OF = 300; // newest values

const $ = (id) => document.getElementById(id);
const canvas = $("picture"), context = canvas.getContext("2d");
const world = new WorldView($("world"));
const chart = new Chart($("chart"), $("nodes").tBodies[0]);
const table = new LandmarkTable($("points"), $("person"));
const angleTable = new AngleTable($("joints"));
const stage = new Stage();

// The state of the page; also for tests and for the console. `own` is whether the images come from
// this browser.
const page = {
  hello: null, state: null, skeleton: null, record: null, picture: null, number: -1, own: false,
  frames: 0, latencies: [], networks: [], stats: {}, recordings: [], error: null, connected: false,
};
window.blazetrack = page;

const connection = new Connection({
  open: () => {
    page.connected = true;
    $("message").hidden = true;
    showStatus();
  },
  message: (message) => handlers[message.type]?.(message),
  image: async (message, blob) => {
    const bitmap = await createImageBitmap(blob);
    if (!page.own) showFrame(message, bitmap);
    bitmap.close();
    connection.send({ type: "shown", number: message.number });
  },
  closed: (reason, reconnecting) => {
    page.connected = false;
    camera.release();
    const text = `${reason || "no response from the server"}${reconnecting ? "; reconnecting …" : ""}`;
    if (stage.covered && !page.own) stage.cover(reconnecting ? "Connecting …" : "No connection", text);
    else stage.notify(text, reconnecting);
    showStatus();
  },
});

const set = (changes) => connection.send({ type: "set", ...changes });
const camera = new Camera(
  (number, timeMs, jpeg) => connection.sendImage(number, timeMs, jpeg),
  (still) => connection.send({ type: "begin", still }),
);
camera.onended = () => {
  camera.stop();
  stage.fail("Disconnected");
};
const controls = new Controls(set);
Object.assign(page, { camera, connection, world });

const handlers = {
  hello(message) {
    const again = page.hello !== null;
    page.hello = message;
    controls.hello(message);
    if (!again) page.own = message.begin === message.camera;
    if (page.own && camera.running) {
      set({ source: message.camera });
      camera.begin(Boolean(camera.picture));
      camera.repeat();
    } else if (page.own && !again) stage.invite();
    else if (!page.own && stage.covered) stage.cover("Loading …", `Waiting for the first image of ${message.begin}.`);
  },
  state(message) {
    if (page.own !== (message.source === page.hello?.camera)) return; // of the previous source
    const { names, edges } = message.skeleton;
    if (page.skeleton?.names.join() !== names.join()) {
      page.skeleton = { names, edges, colors: sideColors(names) };
      table.setNames(names);
      table.show(null);
      angleTable.setNames(message.angles);
      angleTable.show(null);
    }
    page.state = message;
    controls.show(message);
    setPressed($("record"), message.recording, "Stop recording", "Record");
    $("record").disabled = page.hello.fixed.includes("record");
    if (!page.own) setPressed($("pause"), message.paused, "Resume", "Pause");
    camera.repeat();
    showStatus();
  },
  frame(message) {
    const captureMs = camera.captureTime(message.number);
    if (captureMs === null || !camera.running) return;
    showFrame(message, camera.canvas);
    append(page.latencies, performance.now() - captureMs);
    camera.release();
  },
  skipped: () => camera.release(),
  stats(message) {
    Object.assign(page.stats, message);
    $("fps").textContent = message.fps.toFixed(1);
    $("detector").textContent = message.detector_runs;
    $("dropped").textContent = message.dropped ?? "–";
    $("latency").textContent = page.own ? milliseconds(median(page.latencies)) : "–";
    $("network").textContent = milliseconds(median(page.networks));
    chart.add(message.nodes);
    showStatus();
  },
  recording(message) {
    page.recordings.push(message);
    for (const file of message.files) {
      const item = document.createElement("li"), link = document.createElement("a");
      link.href = file.url + location.search;
      link.download = link.textContent = file.name;
      item.append(link);
      $("downloads").append(item);
    }
    if (!message.files.length) stage.notify("The recording has no images.");
  },
  error(message) {
    page.error = message.text;
    if (stage.covered && !page.own) stage.cover("No image yet", message.text, { file: true, fault: true });
    else stage.notify(message.text);
    if (page.state) handlers.state(page.state); // reset the controls to the actual state
  },
};

function showFrame(message, image) {
  const { record } = message;
  if (canvas.width !== image.width || canvas.height !== image.height) {
    canvas.width = image.width;
    canvas.height = image.height;
  }
  const mirror = $("mirror").checked;
  context.save();
  if (mirror) context.setTransform(-1, 0, 0, 1, canvas.width, 0);
  context.drawImage(image, 0, 0);
  context.restore();
  const scale = canvas.width / record.width;
  if (page.skeleton) {
    const { calibrated } = message, boxes = $("boxes").checked;
    drawPeople(context, record, page.skeleton, { mirror, boxes, scale, calibrated });
  }
  stage.uncover();
  Object.assign(page, { record, number: message.number, searching: message.searching });
  page.frames += 1;
  append(page.networks, message.network_ms);
  const person = record.poses[0];
  if (page.skeleton) world.draw(person, page.skeleton, mirror);
  if (camera.picture || performance.now() - (page.tableMs ?? 0) > TABLE_EVERY_MS) {
    page.tableMs = performance.now();
    table.show(person);
    angleTable.show(message.angles[0]);
    $("count").textContent = record.poses.length;
    showBadge();
  }
}

function leaveOwn(source) {
  camera.stop();
  controls.showFile(null);
  controls.showDevices([], "");
  page.own = false;
  stage.cover("Loading …", `Waiting for the first image of ${source}.`);
  set({ source });
}

// Show images of this browser: `open` starts the camera, a film or a picture.
async function showOwn(open, title, text) {
  page.own = true;
  $("message").hidden = true;
  stage.cover(title, text);
  setPressed($("pause"), false, "Resume", "Pause");
  page.latencies.length = 0;
  // The server must know the source before the first image arrives.
  set({ source: page.hello.camera });
  try {
    await open();
    $("mirror").checked = camera.front;
    if (stage.covered && camera.running) stage.cover("Loading …", "The first image is on its way.");
  } catch (error) {
    camera.stop();
    stage.fail(error);
  }
}

async function startCamera(deviceId) {
  controls.showFile(null);
  $("source").value = page.hello.camera;
  await showOwn(() => camera.start(deviceId), "Starting the camera …", "The browser may ask whether this page may use it.");
  if (camera.stream) controls.showDevices(await camera.devices(), camera.deviceId);
}

async function openFile(file) {
  if (!file || !page.hello) return;
  controls.showFile(file.name);
  controls.showDevices([], "");
  await showOwn(() => camera.open(file), "Opening …", file.name);
}

function showBadge() {
  const paused = $("pause").getAttribute("aria-pressed") === "true";
  const recording = page.state?.recording;
  const poses = page.record?.poses ?? [];
  const people = poses.length === 1 ? "1 person" : poses.length ? `${poses.length} people` : "no person";
  $("badge").hidden = false;
  $("badge").classList.toggle("recording", Boolean(recording));
  $("badge").textContent = [
    recording ? "recording" : null,
    page.state?.following && poses.length === 1 ? `only person ${poses[0].id}` : people,
    paused ? "paused" : page.searching ? "searching" : null,
  ].filter(Boolean).join(" · ");
}

function showStatus() {
  const { state } = page;
  $("status").textContent = !page.connected ? "not connected" : state ? `${state.source} · ${state.model} · ${state.graph}` : "connected";
}

function append(list, value) {
  list.push(value);
  if (list.length > MEDIAN_OF) list.shift();
}

function median(list) {
  if (!list.length) return null;
  return [...list].sort((a, b) => a - b)[list.length >> 1];
}

function milliseconds(value) {
  return value === null ? "–" : `${value.toFixed(1)} ms`;
}

enableFullScreen($("fullscreen"), $("stage"));
$("start").onclick = () => startCamera();
$("source").onchange = ({ target: { value } }) => {
  if (value === page.hello.camera) startCamera();
  else if (page.hello.sources.includes(value)) leaveOwn(value);
};
$("device").onchange = ({ target }) => startCamera(target.value);
for (const button of ["file-button", "panel-file"]) $(button).onclick = () => $("file").click();
$("file").onchange = ({ target }) => {
  const [file] = target.files;
  openFile(file);
  target.value = ""; // so that the same file can be opened again
};
$("stage").ondragover = (event) => event.preventDefault();
$("stage").ondrop = (event) => {
  event.preventDefault();
  if (page.hello?.sources.includes(page.hello.camera)) openFile(event.dataTransfer.files[0]);
};
$("mirror").onchange = () => camera.repeat();
$("boxes").onchange = () => camera.repeat();
$("follow-all").onclick = () => connection.send({ type: "follow", at: null });
$("record").onclick = () => connection.send({ type: "record", on: !page.state?.recording });
$("pause").onclick = ({ target }) => {
  const paused = target.getAttribute("aria-pressed") !== "true";
  if (page.own) {
    camera.hold = paused;
    setPressed(target, paused, "Resume", "Pause");
  } else set({ paused });
  showBadge();
};
canvas.onclick = (event) => {
  if (!page.record) return;
  const area = canvas.getBoundingClientRect();
  const fit = Math.min(area.width / canvas.width, area.height / canvas.height);
  let x = (event.clientX - area.left - (area.width - canvas.width * fit) / 2) / fit;
  const y = (event.clientY - area.top - (area.height - canvas.height * fit) / 2) / fit;
  if ($("mirror").checked) x = canvas.width - x;
  const scale = page.record.width / canvas.width;
  if (!page.state?.can_follow) stage.notify("To follow one person of several, set People to more than 1.");
  else connection.send({ type: "follow", at: [x * scale, y * scale] });
};
