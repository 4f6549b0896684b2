// The page: shows the messages of the server and sends the changes of the controls.

import { Camera } from "./camera.js";
import { Chart } from "./chart.js";
import { drawPeople, sideColors } from "./overlay.js";
import { Connection } from "./socket.js";
import { LandmarkTable } from "./table.js";
import { WorldView } from "./world.js";

const TABLE_EVERY_MS = 200;
const MEDIAN_OF = 300; // newest values
const NOTICE_MS = 6000;

const $ = (id) => document.getElementById(id);
const canvas = $("picture"), context = canvas.getContext("2d");
const world = new WorldView($("world"));
const chart = new Chart($("chart"), $("nodes").tBodies[0]);
const table = new LandmarkTable($("points"), $("person"));

// The state of the page; also for tests and for the console.
const page = {
  hello: null, state: null, skeleton: null, record: null, picture: null, number: -1,
  frames: 0, latencies: [], networks: [], stats: {}, recordings: [], error: null, connected: false,
};
window.blazetrack = page;

const connection = new Connection({
  open: () => {
    page.connected = true;
    showStatus();
  },
  message: (message) => handlers[message.type]?.(message),
  image: async (message, blob) => {
    const bitmap = await createImageBitmap(blob);
    if (!camera.running) showFrame(message, bitmap);
    bitmap.close();
    connection.send({ type: "shown", number: message.number });
  },
  closed: (reason, reconnecting) => {
    page.connected = false;
    camera.release();
    notify(`${reason || "no response from the server"}${reconnecting ? "; reconnecting …" : ""}`, reconnecting);
    showStatus();
  },
});

const camera = new Camera((number, timeMs, jpeg) => connection.sendImage(number, timeMs, jpeg));
camera.onended = () => notify("The camera was disconnected.");
Object.assign(page, { camera, connection });

const handlers = {
  hello(message) {
    page.hello = message;
    fill($("source"), message.sources);
    fill($("model"), message.models);
    fill($("graph"), message.graphs);
    $("source").value = camera.running ? message.camera : message.begin;
    if (camera.running) connection.send({ type: "set", source: message.camera });
    else $("begin").hidden = message.begin !== message.camera;
  },
  state(message) {
    if (camera.running !== (message.source === page.hello?.camera)) return; // of the previous source
    const { names, edges } = message.skeleton;
    if (page.skeleton?.names.join() !== names.join()) {
      page.skeleton = { names, edges, colors: sideColors(names) };
      table.setNames(names);
    }
    page.state = message;
    for (const name of ["model", "graph", "people", "source"]) {
      if (name !== "people" || document.activeElement !== $(name)) $(name).value = message[name];
    }
    $("smoothing").checked = message.smoothing;
    $("follow-all").disabled = !message.can_follow;
    setPressed($("record"), message.recording, "Stop recording", "Record");
    if (!camera.running) setPressed($("pause"), message.paused, "Resume", "Pause");
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
    $("latency").textContent = camera.running ? milliseconds(median(page.latencies)) : "–";
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
    if (!message.files.length) notify("The recording has no frames.");
  },
  error(message) {
    page.error = message.text;
    notify(message.text);
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
    drawPeople(context, record, page.skeleton, { mirror, boxes: $("boxes").checked, scale });
  }
  Object.assign(page, { record, number: message.number, searching: message.searching });
  page.frames += 1;
  append(page.networks, message.network_ms);
  const person = record.poses[0];
  if (page.skeleton) world.draw(person, page.skeleton);
  if (performance.now() - (page.tableMs ?? 0) > TABLE_EVERY_MS) {
    page.tableMs = performance.now();
    table.show(person);
    $("count").textContent = record.poses.length;
    showBadge();
  }
}

async function chooseSource(name) {
  $("message").hidden = true;
  $("begin").hidden = true;
  if (name !== page.hello.camera) {
    camera.stop();
    connection.send({ type: "set", source: name });
    return;
  }
  try {
    // The server must know the source before the first image arrives.
    connection.send({ type: "set", source: name });
    await camera.start();
    $("source").value = name;
    $("mirror").checked = camera.front;
    connection.send({ type: "set", smoothing: $("smoothing").checked });
  } catch (error) {
    camera.stop();
    const texts = { NotAllowedError: "Access to the camera was denied.", NotFoundError: "No camera was found." };
    notify(texts[error.name] ?? error.message);
    connection.send({ type: "set", source: page.hello.sources[0] });
    $("source").value = page.hello.sources[0];
  }
}

function showBadge() {
  const paused = $("pause").getAttribute("aria-pressed") === "true";
  const recording = page.state?.recording;
  const people = page.record?.poses.length ?? 0;
  $("badge").hidden = false;
  $("badge").classList.toggle("recording", Boolean(recording));
  $("badge").textContent = [
    recording ? "recording" : null,
    people ? `following ${people}` : "no person",
    paused ? "paused" : page.searching ? "searching" : null,
  ].filter(Boolean).join(" · ");
}

function showStatus() {
  const { state } = page;
  $("status").textContent = !page.connected ? "not connected" : state ? `${state.source} · ${state.model} · ${state.graph}` : "connected";
}

let noticeTimer = 0;
function notify(text, keep = false) {
  $("message").textContent = text;
  $("message").hidden = false;
  clearTimeout(noticeTimer);
  if (!keep) noticeTimer = setTimeout(() => ($("message").hidden = true), NOTICE_MS);
}

function setPressed(button, on, whenOn, whenOff) {
  button.setAttribute("aria-pressed", String(on));
  button.textContent = on ? whenOn : whenOff;
}

function fill(select, names) {
  select.replaceChildren(...names.map((name) => new Option(name, name)));
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

$("start").onclick = () => chooseSource(page.hello.camera);
$("source").onchange = ({ target }) => chooseSource(target.value);
$("model").onchange = ({ target }) => connection.send({ type: "set", model: target.value });
$("graph").onchange = ({ target }) => connection.send({ type: "set", graph: target.value });
$("people").onchange = ({ target }) => {
  const people = Math.round(Number(target.value));
  if (people >= 1 && people <= 20) connection.send({ type: "set", people });
};
$("smoothing").onchange = ({ target }) => connection.send({ type: "set", smoothing: target.checked });
$("follow-all").onclick = () => connection.send({ type: "follow", at: null });
$("record").onclick = () => connection.send({ type: "record", on: !page.state?.recording });
$("pause").onclick = ({ target }) => {
  const paused = target.getAttribute("aria-pressed") !== "true";
  if (camera.running) {
    camera.paused = paused;
    setPressed(target, paused, "Resume", "Pause");
  } else connection.send({ type: "set", paused });
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
  if (!page.state?.can_follow) notify("To follow one person of several, set People to more than 1.");
  else connection.send({ type: "follow", at: [x * scale, y * scale] });
};
