"""Cold ingestion of a full-size PASTIS patch beside `np.load` of its file.

    python benchmarks/bench_ingestion.py [--rounds 15]

A patch of 46 to 61 dates x 10 bands x 128 x 128 pixels in PASTIS's layout (simulated values). Each
round drops the file from the page cache, reads it with `np.load`, drops it again, and ingests it
as a run does: read, sample 256 pixels, screen, choose 8 images, write the shard.
"""

import argparse
import os
import tempfile
from itertools import count
from pathlib import Path

import numpy as np
from timing import interleaved

from pimc.catalog.sharded import write_shard
from pimc.data.pastis.scenes import PastisOptions, pastis_scenes
from pimc.data.pastis.write import write_pastis
from pimc.data.simulation.scenes import SimulationOptions, simulate_scenes
from pimc.signal.patch_sample import sample_patch
from pimc.signal.sampling import SamplingOptions
from pimc.signal.screening import ScreeningOptions


def drop_from_cache(path: Path) -> None:
    """The next read of the file comes from the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(dir=".") as name:  # a real disk: /tmp may lie in memory
        folder = Path(name)
        write_pastis(simulate_scenes(SimulationOptions(patches=1, size=128)), folder)
        ((patch_id, source),) = pastis_scenes(PastisOptions(path=str(folder))).items()
        path = folder / "DATA_S2" / f"S2_{patch_id}.npy"
        sampling, screening = SamplingOptions(margin=5), ScreeningOptions()
        shards = count()

        def ingest() -> None:
            drop_from_cache(path)
            sample = sample_patch(source(), sampling, screening)
            write_shard(folder / f"{next(shards)}.safetensors", sample)

        def load() -> None:
            drop_from_cache(path)
            np.load(path)

        medians = interleaved({"np.load": load, "ingestion": ingest}, rounds)
        megabytes = path.stat().st_size / 1e6
    print(f"{'':12}{'ms':>8}{'MB/s':>8}{'x np.load':>11}")  # noqa: T201
    for name, seconds in medians.items():
        ratio = seconds / medians["np.load"]
        print(f"{name:12}{seconds * 1e3:8.1f}{megabytes / seconds:8.0f}{ratio:11.2f}")  # noqa: T201


if __name__ == "__main__":
    main()
