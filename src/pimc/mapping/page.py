"""A page of a map that opens from disk without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pimc.data.atomic import replace_text
from pimc.mapping.pictures import MapPictures, Panel, pixel_aspect


def write_page(path: Path, pictures: MapPictures) -> None:
    """A page with the map over its ground, all that it needs inside."""
    replace_text(path, _page(pictures))


def _page(pictures: MapPictures) -> str:
    """Plotly's own page with its library inside: the ground, and each picture over it."""
    from plotly import graph_objects

    ground, *over = pictures.panels
    figure = graph_objects.Figure()
    figure.add_trace(graph_objects.Image(z=ground.image, hoverinfo="skip", name=ground.title))
    for number, panel in enumerate(over):
        figure.add_trace(_trace(panel, number == 0))
    figure.update_layout(
        title={"text": pictures.name, "x": 0.02, "y": 0.98},
        margin={"l": 10, "r": 10, "t": 110, "b": 40},
        height=820,
        updatemenus=[_choice(over)],
        sliders=[_opacity(len(over))],
        legend={"itemsizing": "constant"},
    )
    for name, colour in pictures.legend:
        figure.add_trace(
            graph_objects.Scatter(
                x=[None],
                y=[None],
                mode="markers",
                marker={"symbol": "square", "size": 14, "color": f"rgb{colour[:3]}"},
                name=name,
            )
        )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x", scaleratio=pixel_aspect(pictures.grid))
    page: str = figure.to_html(include_plotlyjs=True, config={"scrollZoom": True})
    return page


def _trace(panel: Panel, visible: bool) -> Any:  # noqa: ANN401  plotly has no types
    from plotly import graph_objects

    if panel.image.ndim == 2:
        return graph_objects.Heatmap(
            z=np.round(panel.image, 3),
            zmin=0,
            zmax=1,
            colorscale="Viridis",
            visible=visible,
            name=panel.title,
            showscale=False,
            hovertemplate="%{z}<extra></extra>",
        )
    words = {}
    if panel.text is not None:
        words = {"text": panel.text, "hovertemplate": "%{text}<extra></extra>"}
    return graph_objects.Image(z=panel.image, visible=visible, name=panel.title, **words)


def _choice(over: Sequence[Panel]) -> dict[str, Any]:
    """Buttons, one a picture."""
    numbers = list(range(1, len(over) + 1))
    buttons = [
        {
            "label": panel.title,
            "method": "restyle",
            "args": [{"visible": [number == shown for number in range(len(over))]}, numbers],
        }
        for shown, panel in enumerate(over)
    ]
    return {
        "type": "buttons",
        "direction": "right",
        "buttons": buttons,
        "x": 0,
        "y": 1.05,
        "xanchor": "left",
    }


def _opacity(count: int) -> dict[str, Any]:
    """A slider of how much of the ground shines through."""
    steps = [
        {
            "label": f"{share} %",
            "method": "restyle",
            "args": [{"opacity": share / 100}, list(range(1, count + 1))],
        }
        for share in range(0, 101, 10)
    ]
    return {
        "active": 10,
        "steps": steps,
        "currentvalue": {"prefix": "opacity of the map: "},
        "pad": {"t": 10},
    }
