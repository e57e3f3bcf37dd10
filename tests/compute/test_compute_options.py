"""Where pieces of work may run, and how what is wrong is told."""

import pytest

from pimc.compute.options import ComputeOptions, SlurmOptions
from pimc.hooks.parameters import check_compute


@pytest.mark.parametrize(
    "engine", ["threads", "processes", "tcp://node-3:8786", "tls://10.0.0.1:1"]
)
def test_engines(engine):
    check_compute({"compute": engine, "workers": None, "slurm": {"cores": 4}, "seed": 0})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"compute": "proceses"}, "compute must be threads, processes, slurm or .*got 'proceses'"),
        ({"compute": "scheduler:8786"}, "as tcp://scheduler:8786, got 'scheduler:8786'"),
        ({"compute": "tcp://scheduler"}, "as tcp://scheduler:8786, got 'tcp://scheduler'"),
        ({"compute": {"engine": "threads"}}, "compute: expected a text, got {'engine'"),
        ({"compute": None}, "compute: expected a text, got None"),
        ({"workers": "two"}, "workers: expected a whole number or null, got 'two'"),
        ({"workers": 0}, "workers must be at least 1, got 0"),
        ({"compute": "slurm"}, "needs a number of workers: --params=compute=slurm,workers=8"),
        ({"slurm": {"queues": "x"}}, r"slurm has no option queues \(did you mean queue\?\)"),
        ({"slurm": {"cores": 0}}, r"slurm\.cores must be at least 1, got 0"),
        ({"slurm": {"memory": "4"}}, r"slurm\.memory must be a text as 4GB, got '4'"),
        ({"slurm": {"walltime": 3600}}, r"slurm\.walltime: expected a text, got 3600"),
        ({"slurm": {"walltime": "1h"}}, r"slurm\.walltime must be .*'01:00:00', got '1h'"),
    ],
)
def test_what_is_wrong_is_told_by_its_name(given, told):
    with pytest.raises(ValueError, match=told):
        check_compute(given)


@pytest.mark.parametrize(
    ("options", "package"),
    [
        (ComputeOptions("processes"), "distributed"),
        (ComputeOptions("tcp://here:8786"), "distributed"),
        (ComputeOptions("slurm", 4), "dask_jobqueue"),
    ],
)
def test_a_package_that_is_missing_is_named_with_its_command(options, package, monkeypatch):
    monkeypatch.setattr("pimc.compute.options.find_spec", lambda name: None)
    with pytest.raises(
        ModuleNotFoundError, match=rf"{package}, .*pip install -e \"\.\[cluster\]\""
    ):
        options.require_packages()
    ComputeOptions().require_packages()  # this process needs none


def test_options_of_slurm_reach_its_job():
    from pimc.compute.cluster import slurm_cluster

    job = SlurmOptions(queue="short", cores=4, memory="16GB", walltime="02:00:00")
    with slurm_cluster(job) as cluster:
        script = cluster.job_script()
    for line in ("#SBATCH -p short", "#SBATCH --cpus-per-task=4", "#SBATCH -t 02:00:00"):
        assert line in script.splitlines()
    assert "--nthreads 1 " in script and "--nworkers 4 " in script
