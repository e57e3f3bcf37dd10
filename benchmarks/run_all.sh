#!/usr/bin/env bash
# All benchmarks, one after the other, 2 threads; run it on a machine that does nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=2
for name in plots training_step channels ingestion start map; do
    echo "## bench_$name"
    python "benchmarks/bench_$name.py"
    echo
done
