"""`kedro registry list` here beside the same command in an empty Kedro project.

    python benchmarks/bench_start.py [--rounds 7]

The same environment, so the same plugins are loaded; the difference is what this project costs.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from timing import interleaved

PROJECT = Path(__file__).parents[1]
EMPTY = {
    "pyproject.toml": (
        '[tool.kedro]\npackage_name = "empty"\nproject_name = "empty"\n'
        'kedro_init_version = "1.7.0"\nsource_dir = "src"\n'
    ),
    "src/empty/__init__.py": "",
    "src/empty/settings.py": "",
    "src/empty/pipeline_registry.py": (
        "from kedro.pipeline import Pipeline\n\n\n"
        'def register_pipelines():\n    return {"__default__": Pipeline([])}\n'
    ),
    "conf/base/catalog.yml": "",
    "conf/local/.gitkeep": "",
    ".telemetry": "consent: false\n",
}


def registry_list(project: Path) -> None:
    kedro = Path(sys.executable).with_name("kedro")
    subprocess.run([kedro, "registry", "list"], cwd=project, check=True, capture_output=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        for file, text in EMPTY.items():
            path = Path(name) / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        contenders = {
            "empty project": lambda: registry_list(Path(name)),
            "this project": lambda: registry_list(PROJECT),
        }
        medians = interleaved(contenders, rounds)
    print(f"{'':16}{'s':>8}{'more, s':>10}")  # noqa: T201
    for name, seconds in medians.items():
        more = seconds - medians["empty project"]
        print(f"{name:16}{seconds:8.2f}{more:10.2f}")  # noqa: T201


if __name__ == "__main__":
    main()
