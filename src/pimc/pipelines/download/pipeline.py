"""Wiring of the download."""

from kedro.pipeline import Pipeline, node

from pimc.pipelines.download.nodes import fetch_data_set


def create_pipeline() -> Pipeline:
    """Addresses and checksums -> files, where the environment reads them."""
    return Pipeline(
        [
            node(
                fetch_data_set,
                inputs=["params:download", "download_folder"],
                outputs="downloaded",
                name="fetch_data_set",
            ),
        ],
        namespace="download",
        prefix_datasets_with_namespace=False,
    )
