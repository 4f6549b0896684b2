// The page: what the server says is shown, what is pressed is said to the server.

import { Camera } from "./camera.js";
import { Chart } from "./chart.js";
import { drawPeople, sides } from "./overlay.js";
import { Line } from "./socket.js";
import { Space } from "./space.js";
import { Landmarks } from "./table.js";

const TABLE_EVERY_MS = 200;
const LATENCIES = 300; // that the median is of
const FORGET_MS = 6000; // after which a message goes

const $ = (id) => document.getElementById(id);
const canvas = $("picture"), context = canvas.getContext("2d");
const space = new Space($("space"));
const chart = new Chart($("chart"), $("nodes").tBodies[0]);
const table = new Landmarks($("points"), $("whose"));

// What is known; also for tests and for the console.
const now = {
  hello: null, state: null, skeleton: null, record: null, picture: null, number: -1,
  frames: 0, latencies: [], networks: [], stats: {}, recordings: [], error: null, connected: false,
};
window.blazetrack = now;

const line = new Line({
  open: () => {
    now.connected = true;
    status();
  },
  message: (message) => handlers[message.type]?.(message),
  picture: async (message, blob) => {
    const bitmap = await createImageBitmap(blob);
    if (!usesCamera()) show(message, bitmap);
    bitmap.close();
    line.say({ type: "shown", number: message.number });
  },
  closed: (reason, again) => {
    now.connected = false;
    camera.release();
    tell(`${reason || "the server does not answer"}${again ? "; trying again …" : ""}`, again);
    status();
  },
});

const camera = new Camera((number, timeMs, jpeg) => line.show(number, timeMs, jpeg));
camera.onended = () => tell("The camera has gone.");
Object.assign(now, { camera, line });

const handlers = {
  hello(message) {
    now.hello = message;
    fill($("source"), message.sources);
    fill($("model"), message.models);
    fill($("graph"), message.graphs);
    $("source").value = usesCamera() ? message.camera : message.begin;
    if (camera.running) line.say({ type: "set", source: message.camera });
    else $("begin").hidden = message.begin !== message.camera;
  },
  state(message) {
    if (usesCamera() !== (message.source === now.hello?.camera)) return; // of what was left
    const { names, edges } = message.skeleton;
    if (now.skeleton?.names.join() !== names.join()) {
      now.skeleton = { names, edges, colors: sides(names) };
      table.begin(names);
    }
    now.state = message;
    for (const name of ["model", "graph", "people", "source"]) {
      if (name !== "people" || document.activeElement !== $(name)) $(name).value = message[name];
    }
    $("smoothing").checked = message.smoothing;
    $("everybody").disabled = !message.can_follow;
    press($("record"), message.recording, "Stop recording", "Record");
    if (!usesCamera()) press($("pause"), message.paused, "Go on", "Pause");
    status();
  },
  frame(message) {
    const arrived = camera.answered(message.number);
    if (arrived === null || !usesCamera()) return;
    show(message, camera.canvas);
    remember(now.latencies, performance.now() - arrived);
    camera.release();
  },
  skipped: () => camera.release(),
  stats(message) {
    Object.assign(now.stats, message);
    $("fps").textContent = message.fps.toFixed(1);
    $("detector").textContent = message.detector_runs;
    $("dropped").textContent = message.dropped ?? "–";
    $("latency").textContent = usesCamera() ? milliseconds(median(now.latencies)) : "–";
    $("network").textContent = milliseconds(median(now.networks));
    chart.add(message.nodes);
    status();
  },
  recording(message) {
    now.recordings.push(message);
    for (const file of message.files) {
      const item = document.createElement("li"), link = document.createElement("a");
      link.href = file.url + location.search;
      link.download = link.textContent = file.name;
      item.append(link);
      $("downloads").append(item);
    }
    if (!message.files.length) tell("Nothing was recorded: no frame came.");
  },
  error(message) {
    now.error = message.text;
    tell(message.text);
    if (now.state) handlers.state(now.state); // controls show what is, not what was asked for
  },
};

function show(message, picture) {
  const { record } = message;
  if (canvas.width !== picture.width || canvas.height !== picture.height) {
    canvas.width = picture.width;
    canvas.height = picture.height;
  }
  const mirror = $("mirror").checked;
  context.save();
  if (mirror) context.setTransform(-1, 0, 0, 1, canvas.width, 0);
  context.drawImage(picture, 0, 0);
  context.restore();
  const scale = canvas.width / record.width;
  if (now.skeleton) {
    drawPeople(context, record, now.skeleton, { mirror, boxes: $("boxes").checked, scale });
  }
  Object.assign(now, { record, number: message.number, searching: message.searching });
  now.frames += 1;
  remember(now.networks, message.network_ms);
  const person = record.poses[0];
  if (now.skeleton) space.draw(person, now.skeleton);
  if (performance.now() - (now.listed ?? 0) > TABLE_EVERY_MS) {
    now.listed = performance.now();
    table.show(person);
    $("count").textContent = record.poses.length;
    badge();
  }
}

function usesCamera() {
  return camera.running;
}

async function chooseSource(name) {
  $("message").hidden = true;
  $("begin").hidden = true;
  if (name !== now.hello.camera) {
    camera.stop();
    line.say({ type: "set", source: name });
    return;
  }
  try {
    // The server must expect pictures before the first one comes.
    line.say({ type: "set", source: name });
    await camera.start();
    $("source").value = name;
    $("mirror").checked = camera.front;
    line.say({ type: "set", smoothing: $("smoothing").checked });
  } catch (error) {
    camera.stop();
    const why = { NotAllowedError: "The camera was not allowed.", NotFoundError: "There is no camera." };
    tell(why[error.name] ?? error.message);
    line.say({ type: "set", source: now.hello.sources[0] });
    $("source").value = now.hello.sources[0];
  }
}

function badge() {
  const paused = $("pause").getAttribute("aria-pressed") === "true";
  const recording = now.state?.recording;
  const people = now.record?.poses.length ?? 0;
  $("badge").hidden = false;
  $("badge").classList.toggle("recording", Boolean(recording));
  $("badge").textContent = [
    recording ? "recording" : null,
    people ? `following ${people}` : "nobody",
    paused ? "paused" : now.searching ? "searching" : null,
  ].filter(Boolean).join(" · ");
}

function status() {
  const { state } = now;
  $("status").textContent = !now.connected ? "not connected" : state ? `${state.source} · ${state.model} · ${state.graph}` : "connected";
}

let forget = 0;
function tell(text, keep = false) {
  $("message").textContent = text;
  $("message").hidden = false;
  clearTimeout(forget);
  if (!keep) forget = setTimeout(() => ($("message").hidden = true), FORGET_MS);
}

function press(button, on, whenOn, whenOff) {
  button.setAttribute("aria-pressed", String(on));
  button.textContent = on ? whenOn : whenOff;
}

function fill(select, names) {
  select.replaceChildren(...names.map((name) => new Option(name, name)));
}

function remember(list, value) {
  list.push(value);
  if (list.length > LATENCIES) list.shift();
}

function median(list) {
  if (!list.length) return null;
  return [...list].sort((a, b) => a - b)[list.length >> 1];
}

function milliseconds(value) {
  return value === null ? "–" : `${value.toFixed(1)} ms`;
}

$("start").onclick = () => chooseSource(now.hello.camera);
$("source").onchange = ({ target }) => chooseSource(target.value);
$("model").onchange = ({ target }) => line.say({ type: "set", model: target.value });
$("graph").onchange = ({ target }) => line.say({ type: "set", graph: target.value });
$("people").onchange = ({ target }) => {
  const people = Math.round(Number(target.value));
  if (people >= 1 && people <= 20) line.say({ type: "set", people });
};
$("smoothing").onchange = ({ target }) => line.say({ type: "set", smoothing: target.checked });
$("everybody").onclick = () => line.say({ type: "follow", at: null });
$("record").onclick = () => line.say({ type: "record", on: !now.state?.recording });
$("pause").onclick = ({ target }) => {
  const paused = target.getAttribute("aria-pressed") !== "true";
  if (usesCamera()) {
    camera.paused = paused;
    press(target, paused, "Go on", "Pause");
  } else line.say({ type: "set", paused });
  badge();
};
canvas.onclick = (event) => {
  if (!now.record) return;
  const area = canvas.getBoundingClientRect();
  const fit = Math.min(area.width / canvas.width, area.height / canvas.height);
  let x = (event.clientX - area.left - (area.width - canvas.width * fit) / 2) / fit;
  const y = (event.clientY - area.top - (area.height - canvas.height * fit) / 2) / fit;
  if ($("mirror").checked) x = canvas.width - x;
  const scale = now.record.width / canvas.width;
  if (!now.state?.can_follow) tell("To follow one of several, choose more than one person first.");
  else line.say({ type: "follow", at: [x * scale, y * scale] });
};
