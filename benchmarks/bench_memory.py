"""Anonymous memory and time of ingestion and pretraining as patches grow in number.

    python benchmarks/bench_memory.py [--patches 10 100 1000 2433] [--steps 100]

Simulated full-size patches (10 bands x 128 x 128 pixels at 38 to 61 dates), in a project folder of
its own; 2,433 are as many as PASTIS has. Each row is one `kedro run`: seconds, seconds of
processors, and its peak of RssAnon (memory that is not a file's), which is read from /proc five
times a second.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).parents[1]
STAGES = {
    "ingestion": "",
    "vegetation_indices": "",
    "recurrence_plots": "",
    "pretraining": ",pretraining.max_epochs=1,pretraining.steps_per_epoch={steps}",
}


def anonymous_megabytes(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    lines = [line for line in status.splitlines() if line.startswith("RssAnon")]
    return int(lines[0].split()[1]) / 1024 if lines else 0.0


def run_stage(project: Path, stage: str, parameters: str) -> tuple[float, float, float]:
    """Seconds, processor seconds and peak megabytes of one run."""
    kedro = Path(sys.executable).with_name("kedro")
    command = [kedro, "run", f"--pipeline={stage}", f"--params={parameters}"]
    start, before, peak = time.perf_counter(), os.times(), 0.0
    log = (project / f"{stage}.log").open("w")
    with subprocess.Popen(command, cwd=project, stdout=log, stderr=log) as process:
        while process.poll() is None:
            peak = max(peak, anonymous_megabytes(process.pid))
            time.sleep(0.2)
    if process.returncode:
        raise SystemExit((project / f"{stage}.log").read_text()[-2000:])
    seconds, after = time.perf_counter() - start, os.times()
    used = after.children_user + after.children_system
    return seconds, used - before.children_user - before.children_system, peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patches", type=int, nargs="+", default=[40, 400])
    parser.add_argument("--steps", type=int, default=20)
    given = parser.parse_args()
    print(f"{'':20}{'patches':>9}{'s':>8}{'cpu s':>8}{'peak MB':>9}", flush=True)  # noqa: T201
    for count in given.patches:
        with tempfile.TemporaryDirectory(dir=PROJECT / "data") as name:
            project = Path(name)
            shutil.copytree(PROJECT / "conf", project / "conf")
            for file in ("pyproject.toml", ".telemetry"):
                shutil.copy(PROJECT / file, project)
            (project / "src").mkdir()
            for stage, more in STAGES.items():
                parameters = f"patches={count},size=128{more.format(steps=given.steps)}"
                seconds, used, peak = run_stage(project, stage, parameters)
                print(f"{stage:20}{count:9}{seconds:8.1f}{used:8.1f}{peak:9.0f}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
