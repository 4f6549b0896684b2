// The controls: values of the state in their fields, and changes of the fields as messages.

const $ = (id) => document.getElementById(id);

const STRENGTHS = [[0, "off"], [0.25, "light"], [0.5, "normal"], [0.75, "strong"]];
const NAMES = { synthetic: "drawn person (synthetic)", "browser camera": "camera of this browser" };
const FILE = "file of this device"; // value of the option for the open film or picture
const MIN_PEOPLE = 1, MAX_PEOPLE = 20;
const THRESHOLDS = ["min_detection", "min_tracking"];

export class Controls {
  // `set(changes)` sends changes of options
  constructor(set) {
    this.about = {};
    fill($("smoothing"), STRENGTHS.map(([value, name]) => [value, name]));
    for (const name of ["model", "graph"]) $(name).onchange = () => set({ [name]: $(name).value });
    $("smoothing").onchange = () => set({ smoothing: Number($("smoothing").value) });
    $("masks").onchange = () => set({ masks: $("masks").checked });
    $("people").oninput = () => this.check();
    $("people").onchange = () => this.check() && set({ people: Number($("people").value) });
    for (const name of THRESHOLDS) {
      $(name).oninput = () => ($(`${name}-value`).textContent = Number($(name).value).toFixed(2));
      $(name).onchange = () => set({ [name]: Number($(name).value) });
    }
  }

  // The number of people: whether it can be used, and a word about it where it cannot.
  check() {
    const text = $("people").value, number = Number(text);
    const good = text !== "" && Number.isInteger(number) && number >= MIN_PEOPLE && number <= MAX_PEOPLE;
    $("people-fault").textContent = good ? "" : `a whole number from ${MIN_PEOPLE} to ${MAX_PEOPLE}, please`;
    $("people").setAttribute("aria-invalid", String(!good));
    return good;
  }

  hello({ sources, models, graphs, about, fixed, camera }) {
    this.about = about;
    fill($("source"), sources.map((name) => [name, NAMES[name] ?? name]));
    fill($("model"), models.map((name) => [name, name]));
    fill($("graph"), graphs.map((name) => [name, named(name, about[name])]));
    this.fixed = new Set(fixed);
    for (const name of fixed) if ($(name)) $(name).disabled = true;
    $("file-button").hidden = !sources.includes(camera);
  }

  // The open film or picture among the sources; without a name it is removed.
  showFile(name) {
    $("source").querySelector(`option[value="${FILE}"]`)?.remove();
    if (!name) return;
    $("source").add(new Option(name, FILE));
    $("source").value = FILE;
  }

  show(state) {
    for (const name of ["model", "graph"]) {
      $(name).value = state[name];
      $(`${name}-about`).textContent = this.about[state[name]] ?? "";
    }
    if ($("source").value !== FILE) $("source").value = state.source;
    const people = $("people");
    if (people.getAttribute("aria-invalid") !== "true" || document.activeElement !== people) {
      if (document.activeElement !== people || people.value === "") people.value = state.people;
      this.check();
    }
    this.showSmoothing(state.smoothing);
    $("masks").checked = state.masks === true;
    this.enable("masks", state.masks !== null);
    for (const name of THRESHOLDS) {
      this.enable(name, state[name] !== null);
      $(name).value = state[name] ?? 0.5;
      $(`${name}-value`).textContent = state[name] === null ? "–" : state[name].toFixed(2);
    }
    $("follow-all").hidden = !state.following;
  }

  showSmoothing(strength) {
    this.enable("smoothing", strength !== null);
    const listed = STRENGTHS.some(([value]) => value === strength);
    const other = listed || strength === null ? [] : [[strength, strength.toFixed(2)]];
    fill($("smoothing"), [...STRENGTHS, ...other]);
    $("smoothing").value = strength ?? 0;
  }

  enable(name, possible) {
    $(name).disabled = !possible || Boolean(this.fixed?.has(name));
  }

  // The cameras of this device, where there is a choice.
  showDevices(devices, current) {
    fill($("device"), devices.map(({ deviceId, label }, i) => [deviceId, label || `camera ${i + 1}`]));
    $("device").value = current;
    $("device-choice").hidden = devices.length < 2;
  }
}

// `pose · One person` of the name and its sentence.
function named(name, sentence) {
  const first = (sentence ?? "").split(/[;.,]/)[0];
  return first ? `${first} (${name})` : name;
}

function fill(select, entries) {
  const texts = entries.map((entry) => entry.join("\n")).join("\n\n");
  if (select.dataset.entries === texts) return;
  select.dataset.entries = texts;
  select.replaceChildren(...entries.map(([value, text]) => new Option(text, value)));
}

export function setPressed(button, pressed, on, off) {
  button.setAttribute("aria-pressed", pressed);
  button.textContent = pressed ? on : off;
}
