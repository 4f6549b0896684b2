// The networks of the pipeline in LiteRT.js: on the processor by WebAssembly; the landmark network on
// the graphics processor by WebGPU where that is faster and gives the same numbers.

import { isWebGPUSupported, loadAndCompile, loadLiteRt, supportsFeature, Tensor } from "./runtime/litert.js";
import { pixelWriter } from "./pipeline/crop.js";
import { modelInfo } from "./pipeline/settings.js";

const RUNTIME = new URL("./runtime/", import.meta.url).href;
const MAX_APART_PX = 0.1; // of landmarks in the crop, between both processors
const TRIAL_RUNS = 5;

// What the page explains, by name.
export class Fault extends Error {
  constructor(name, text) {
    super(text);
    this.name = name;
  }
}

// The functions of the models by role for `Tracker`, the number of threads, and where the landmark
// network runs: `wasm` or `webgpu`. `models` has {file, planes} of each role; `gpu` and `several` allow
// the graphics processor and several threads.
export async function openNetworks(texts, models, { gpu = true, several = true } = {}) {
  const threads = await loadRuntime(several);
  const roles = {};
  for (const role of ["detector", "landmarks"]) {
    // A network of 8 bits would run in floating point on the graphics processor, with other results.
    roles[role] = await open(modelInfo(texts, role), models[role], "wasm");
  }
  if (gpu) roles.landmarks = await fasterOnGpu(roles.landmarks, models.landmarks);
  return {
    run: { detector: roles.detector.run, landmarks: roles.landmarks.run },
    threads, accelerator: roles.landmarks.accelerator,
  };
}

async function loadRuntime(several) {
  if (typeof WebAssembly !== "object") throw new Fault("NoWebAssembly", "");
  const relaxed = await supportsFeature("relaxedSimd");
  // On a page that is not isolated the question for threads would end in an exception.
  const threads = several && relaxed && self.crossOriginIsolated && navigator.hardwareConcurrency > 1
    && (await supportsFeature("threads"));
  const build = !relaxed ? "litert_wasm_compat_internal" : threads ? "litert_wasm_threaded_internal" : "litert_wasm_internal";
  const wasmBinary = await fetchPacked(`runtime/${build}.bin`);
  // In a worker the script would be searched beside the worker.
  self.Module = {
    wasmBinary, locateFile: (name) => RUNTIME + name, mainScriptUrlOrBlob: `${RUNTIME}${build}.js`,
    printErr: (line) => console.debug(line), // notes, not errors
  };
  try {
    const { liteRtWasm } = await loadLiteRt(RUNTIME, { threads });
    return liteRtWasm.getThreadCount?.() ?? 1;
  } catch (error) {
    await fetchFile(`runtime/${build}.js`);
    throw new Fault("NoWebAssembly", error.message);
  }
}

async function fetchFile(path) {
  const response = await fetch(new URL(path, import.meta.url)).catch(() => null);
  if (!response) throw new Fault("Offline", path);
  if (!response.ok) throw new Fault("MissingFile", `${path} (${response.status})`);
  return response;
}

// A file that `blazetrack export web` has compressed: its bytes, or those of `planes` planes, one after
// the other.
async function fetchPacked(path, planes = 1) {
  const { body } = await fetchFile(path);
  const unpacked = new Response(body.pipeThrough(new DecompressionStream("gzip")));
  const data = new Uint8Array(await unpacked.arrayBuffer().catch(() => {
    throw new Fault("MissingFile", `${path} is not whole`);
  }));
  if (planes === 1) return data;
  const bytes = new Uint8Array(data.length);
  for (let plane = 0, at = 0; plane < planes; plane++) {
    for (let i = plane; i < bytes.length; i += planes) bytes[i] = data[at++];
  }
  return bytes;
}

async function open(info, { file, planes }, accelerator) {
  const model = await loadAndCompile(await fetchPacked(file, planes), { accelerator, gpuOptions: { precision: "fp32" } });
  const names = model.getOutputDetails().map(({ name }) => name);
  const places = Object.entries(info.outputs)
    .map(([meaning, name]) => [meaning, names.includes(name) ? names.indexOf(name) : names.indexOf(meaning)])
    .filter(([, place]) => place >= 0);
  const write = pixelWriter(info.range), values = new Float32Array(info.hw[0] * info.hw[1] * 3);
  const run = async (pixels) => {
    const input = new Tensor(write(pixels, values), [1, ...info.hw, 3]), outputs = {};
    const results = await model.run(input);
    for (const [meaning, place] of places) outputs[meaning] = await results[place].data();
    input.delete(); // neither is collected
    for (const result of results) result.delete();
    return outputs;
  };
  return { info, accelerator, run, close: () => model.delete() };
}

// The network on the graphics processor if that is faster and as exact, else the given one.
async function fasterOnGpu(onCpu, model) {
  let onGpu = null;
  try {
    const adapter = isWebGPUSupported() && (await navigator.gpu.requestAdapter());
    if (!adapter || (adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter)) return onCpu;
    onGpu = await open(onCpu.info, model, "webgpu");
    const pixels = Uint8Array.from({ length: onCpu.info.hw[0] * onCpu.info.hw[1] * 3 }, (_, i) => (i * 31 + (i >> 6)) % 256);
    const [cpu, gpu] = [await trial(onCpu, pixels), await trial(onGpu, pixels)];
    const apart = Math.max(...Array.from(cpu.landmarks, (value, i) => Math.abs(value - gpu.landmarks[i])));
    const [slow, fast] = gpu.ms < cpu.ms && apart <= MAX_APART_PX ? [onCpu, onGpu] : [onGpu, onCpu];
    slow.close();
    return fast;
  } catch (error) {
    console.info(`The graphics processor is not used: ${error.message}`);
    onGpu?.close();
    return onCpu;
  }
}

async function trial(network, pixels) {
  const times = [];
  let outputs = null;
  for (let i = 0; i < TRIAL_RUNS; i++) {
    const start = performance.now();
    outputs = await network.run(pixels);
    times.push(performance.now() - start);
  }
  return { landmarks: outputs.landmarks, ms: Math.min(...times.slice(1)) };
}
