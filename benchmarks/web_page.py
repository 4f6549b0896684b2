"""The page of `blazetrack export web` beside the npm package @mediapipe/pose, in one browser.

    python -m benchmarks.web_page [--model M] [--frames N] [--rounds R] [--threads T] [--json FILE]

Headless Chromium on this machine, without a graphics processor: both compute on the processor. Each
takes the same frames of the drawn person from a canvas, in interleaved rounds. Printed are the time
of a frame (the quickest tenth of a round), the bytes of a first visit, and the distance of the
page's landmarks to Python's.

Exit code 1 if a frame takes more than half of MediaPipe's time, the visit is larger, or a tenth of
the frames has a landmark over a pixel from Python's; 2 if it could not be measured.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.browser import open_browser, until
from benchmarks.report import check_writable, write_json
from benchmarks.static_server import WebServer, serve_folder
from blazetrack import PoseTracker
from blazetrack.errors import BlazetrackError
from blazetrack.export.device_pipeline import open_device_pipeline
from blazetrack.export.web import export_web
from blazetrack.sources import open_source
from blazetrack.store.archive import extract_member_of_tar
from blazetrack.store.npm_client import fetch_package
from blazetrack.types import Frame

PACKAGE = "@mediapipe/pose@0.5.1675469404"
MEDIAPIPE_FILES = {
    "pose.js": 47089,
    "pose_solution_packed_assets.data": 2962288,
    "pose_solution_packed_assets_loader.js": 8002,
    "pose_solution_simd_wasm_bin.data": 0,
    "pose_solution_simd_wasm_bin.js": 276478,
    "pose_solution_simd_wasm_bin.wasm": 6104372,
    "pose_landmark_lite.tflite": 2819824,
    "pose_landmark_full.tflite": 6440512,
    "pose_landmark_heavy.tflite": 27709200,
    "pose_web.binarypb": 1007,
}
# blazetrack's model → complexity of MediaPipe's
COMPLEXITY = {"lite": 0, "blaze_lite": 0, "full": 1, "blaze_full": 1, "heavy": 2}
MAX_RATIO, MAX_PX, MAX_SHARE_OVER = 0.5, 1.0, 0.1
QUICK = 0.1  # the quantile of a round's frames that counts: other programs disturb these the least
# Frames of `clip.rgb` on a canvas, one after the other; `look(canvas, index)` is awaited.
RUN = """
const [count, width, height, done] = arguments;
(async () => {
  window.clip ??= new Uint8ClampedArray(await (await fetch("clip.rgb")).arrayBuffer());
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const image = new ImageData(width, height), times = [], results = [];
  for (let i = 0; i < count; i++) {
    for (let p = 0, at = 3 * i * width * height; p < image.data.length; p += 4) {
      for (let k = 0; k < 3; k++) image.data[p + k] = window.clip[at++];
      image.data[p + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    const start = performance.now();
    results.push(await window.look(canvas, i));
    times.push(performance.now() - start);
  }
  done([times, results]);
})().catch((error) => done([null, String(error.stack ?? error)]));
"""
OURS = """
window.look = async (canvas, i) => {
  const bitmap = await createImageBitmap(canvas);
  const result = await blazetrack.engine.track({ bitmap }, { time: i / 30, reset: i === 0 });
  result.bitmap.close();
  return result.pose && result.pose.landmarks_px;
};
"""
THEIRS = """<!doctype html><title>reference</title><script src="pose.js"></script><script>
const pose = new Pose({ locateFile: (name) => name });
pose.setOptions({ modelComplexity: COMPLEXITY, useCpuInference: true, smoothLandmarks: true });
let found = null;
pose.onResults((results) => { found = results.poseLandmarks?.length ?? null; });
window.look = async (canvas, i) => { await pose.send({ image: canvas }); return found; };
window.blazetrack = { error: null };
pose.initialize().then(() => { window.blazetrack.state = true; });
</script>"""


def fetch_reference(folder: Path, work: Path, complexity: int) -> None:
    """Write the page of the reference and its files."""
    archive = fetch_package(PACKAGE, "package/pose.js", work)
    for name, size in MEDIAPIPE_FILES.items():
        if extract_member_of_tar(archive, f"package/{name}", folder / name, size) is None:
            raise BlazetrackError(f"{PACKAGE}: {name} is not the published file")
    page = THEIRS.replace("COMPLEXITY", str(complexity))
    (folder / "index.html").write_text(page, encoding="utf-8")


def open_page(stack: ExitStack, folder: Path, clip: bytes, query: str) -> tuple[Any, WebServer]:
    """A browser with the page of a folder, ready to track."""
    server = stack.enter_context(serve_folder(folder))
    server.extra["/clip.rgb"] = clip
    page = stack.enter_context(open_browser())
    page.set_script_timeout(300)
    page.get(server.url + query)
    until(page, "page.state || page.error", 120)
    return page, server


def run(page: Any, frames: list[Frame]) -> tuple[list[float], list[Any]]:
    """Milliseconds and results of the frames."""
    size = frames[0].width, frames[0].height
    times, results = page.execute_async_script(RUN, len(frames), *size)
    if times is None:
        raise BlazetrackError(f"web_page: the page failed: {results}")
    return times, results


def visit_bytes(server: WebServer, folder: Path) -> tuple[int, int]:
    """Bytes of the files that a visit loaded, as they are and compressed."""
    names = {path.strip("/") or "index.html" for path in server.paths} - {"clip.rgb", "favicon.ico"}
    contents = [(folder / name).read_bytes() for name in names]
    return sum(map(len, contents)), sum(len(gzip.compress(one, 9)) for one in contents)


def distances(results: list[Any], frames: list[Frame], model: str) -> list[float]:
    """Largest distance of a landmark to Python's in each frame, in x or y, in pixels."""
    found = []
    with PoseTracker(model, threads=1) as tracker:
        for frame, points in zip(frames, results, strict=True):
            poses = tracker(frame)
            if len(poses) != (points is not None):
                found.append(float("inf"))
            elif len(poses):
                apart = np.abs(np.array(points) - poses.landmarks_px[0])
                found.append(float(apart[:, :2].max()))
    return found


def measure(model: str, count: int, rounds: int, threads: int) -> dict[str, Any]:
    """All figures."""
    with open_source(f"synthetic?frames={count}") as source:
        frames = list(source)
    clip = b"".join(frame.image.tobytes() for frame in frames)
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        work, theirs = Path(temporary, "work"), Path(temporary, "theirs")
        for folder in (work, theirs):
            folder.mkdir()
        ours = export_web(Path(temporary, "ours"), open_device_pipeline(model)).folder
        fetch_reference(theirs, work, COMPLEXITY[model])
        pages = [open_page(stack, folder, clip, f"?threads={threads}") for folder in (ours, theirs)]
        pages[0][0].execute_script(OURS)
        times: list[list[float]] = [[], []]
        results: list[Any] = []
        for turn in range(rounds + 1):  # the first one is not counted
            for side, (page, _) in enumerate(pages):
                taken, found = run(page, frames)
                times[side].append(float(np.quantile(taken, QUICK)))
                results = found if side == 0 else results
                if side == 1 and turn == 0 and found[-1] is None:
                    raise BlazetrackError("web_page: the reference finds no person")
        sizes = [visit_bytes(pages[0][1], ours), visit_bytes(pages[1][1], theirs)]
        used = pages[0][0].execute_script("return blazetrack.threads")
    ours_ms, theirs_ms = (one[1:] for one in times)
    apart = distances(results, frames, model)
    return {
        "model": model,
        "threads": used,
        "ours_ms": median(ours_ms),
        "theirs_ms": median(theirs_ms),
        "ratios": [b / a for a, b in zip(ours_ms, theirs_ms, strict=True)],
        "ours_bytes": sizes[0],
        "theirs_bytes": sizes[1],
        "median_px": median(apart),
        "max_px": max(apart),
        "share_over": sum(one > MAX_PX for one in apart) / len(apart),
    }


def report(found: dict[str, Any]) -> bool:
    """Print the figures; whether all limits hold."""
    ratio, ratios = median(found["ratios"]), found["ratios"]
    megabytes = {side: [n / 1e6 for n in found[f"{side}_bytes"]] for side in ("ours", "theirs")}
    print(f"{found['model']} with {found['threads']} threads, beside {PACKAGE}")
    spread = f"{min(ratios):.2f} to {max(ratios):.2f} in a round"
    print(f"frame: {found['ours_ms']:.1f} ms, theirs {found['theirs_ms']:.1f} ms")
    print(f"frames per second: {ratio:.2f} times theirs ({spread})")
    for side, (raw, packed) in megabytes.items():
        print(f"first visit, {side}: {raw:.2f} MB, {packed:.2f} MB compressed")
    over = f"over {MAX_PX:.0f} px in {found['share_over']:.0%} of the frames"
    print(f"from Python: median {found['median_px']:.2f} px, max {found['max_px']:.2f} px; {over}")
    smaller = all(a < b for a, b in zip(*megabytes.values(), strict=True))
    return ratio * MAX_RATIO >= 1 and smaller and found["share_over"] <= MAX_SHARE_OVER


def main() -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--model", choices=COMPLEXITY, default="blaze_lite")
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, choices=(1, 2), default=1, help="2: of all cores")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    try:
        if args.json:
            check_writable(args.json)
        found = measure(args.model, args.frames, args.rounds, args.threads)
    except (BlazetrackError, RuntimeError, AssertionError) as error:
        print(f"benchmarks.web_page: {error}", file=sys.stderr)
        return 2
    holds = report(found)
    if args.json:
        write_json(args.json, json.loads(json.dumps(found)))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
