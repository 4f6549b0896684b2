"""Track a folder of clips on all cores; run it again to go on after an interruption.

python examples/many_files.py FOLDER RESULTS
"""

import sys

from blazetrack.batch import run_batch

if __name__ == "__main__":  # the processes import this program
    sources, target = sys.argv[1:]
    summary = run_batch([sources], target, formats=[".csv"], options={"model": "blaze_lite"})
    print(f"{summary.done} done, {summary.finished_before} before, {len(summary.failed)} failed")
    for line in summary.failed.values():
        print(line)
