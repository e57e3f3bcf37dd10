"""Commands as a user types them."""

from pimc.hooks.command import run_command, typed_command

RUN = {
    "env": "stack",
    "pipeline_names": ["pretrain"],
    "runtime_params": {"root": "/my tiffs", "pretraining": {"batch": {"size": 8}, "arm": None}},
}


def test_the_note_is_what_was_typed_without_the_folder_of_the_program():
    typed = ["/opt/v/bin/kedro", "run", "--params=root=/my tiffs"]
    assert typed_command(typed, RUN) == "kedro run '--params=root=/my tiffs'"
    module = ["/src/pimc/__main__.py", "--pipeline=pretrain"]
    assert typed_command(module, RUN) == "python -m pimc --pipeline=pretrain"


def test_a_run_that_nobody_typed_is_written_as_the_command_that_does_the_same():
    command = "kedro run --env=stack --pipeline=pretrain"
    params = "'--params=root=/my tiffs,pretraining.batch.size=8,pretraining.arm=null'"
    assert typed_command(["/usr/bin/pytest"], RUN) == f"{command} {params}"
    assert typed_command(["/v/pytest/__main__.py", "-q"], RUN) == f"{command} {params}"
    assert typed_command([""], {"pipeline_names": None}) == "kedro run"


def test_several_pipelines_take_the_option_for_several():
    assert run_command({}, "forecasting", "land_cover") == (
        "kedro run --pipelines=forecasting,land_cover"
    )


def test_a_list_which_kedro_cannot_read_is_left_out():
    assert run_command({"runtime_params": {"indices": ["NDVI", "EVI"], "size": 40}}) == (
        "kedro run --params=size=40"
    )
