"""A project of its own for each file's sessions, once without and once with encoders."""

import pytest
from cases.projects import new_project
from cases.sessions import TINY, run


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return new_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def pretrained(project):
    run(project, **TINY)
    return project
