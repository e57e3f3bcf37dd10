"""Times contenders side by side: in rounds, each once a round, so that all see the same machine."""

import random
import statistics
import time
from collections.abc import Callable, Mapping

SEED = 0


def interleaved(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of a call of each contender.

    Each round has an order of its own: who comes after a contender that empties the caches, or
    gives its memory back to the system, pays for it. One round before the first is not counted:
    it pays for imports, pages and compilation.
    """
    rng = random.Random(SEED)
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds + 1):
        for name in rng.sample(list(contenders), len(contenders)):
            start = time.perf_counter()
            contenders[name]()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken[1:]) for name, taken in seconds.items()}
