"""The planes of a cube: which variable, or which step of a dimension of bands, is which band."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pimc.data.cube.axes import Axes
from pimc.data.stack.bands import is_known, is_reflectance, name_bands, split_name


@dataclass(frozen=True)
class Source:
    """One band of a cube at all its dates.

    Attributes:
        variable: that holds it.
        band: dimension of bands and position in it; None where the variable is the band.
        text: what the cube calls it.
        name: in Sentinel-2's spelling.
    """

    variable: str
    band: tuple[str, int] | None
    text: str
    name: str


def find_sources(
    cube: Any,  # noqa: ANN401  xarray is an extra
    axes: Axes,
    given: Mapping[str, str | None] | None,
    path: Path,
) -> tuple[Source, ...]:
    """The bands of a cube that are named.

    Args:
        cube: xarray dataset.
        axes: of the cube.
        given: names of variables or steps by what the cube calls them; None leaves one alone.
        path: of the cube, for messages.

    Raises:
        ValueError: bands without names, a name that contradicts, or a dimension too many.
    """
    found = {
        str(name): _steps(variable, axes, path)
        for name, variable in cube.data_vars.items()
        if {axes.y, axes.x} <= set(variable.dims)
    }
    texts = [step or name for name, (_, steps) in found.items() for step in steps]
    absent = sorted(set(given or {}) - set(texts))
    if absent or not texts:
        raise ValueError(
            f"{path}: band_names names {', '.join(absent)}, but the cube has {', '.join(texts)}"
            if texts
            else f"{path}: no variable with dimensions {axes.y} and {axes.x}"
        )
    names = iter(_names(texts, given or {}, path))
    sources = [
        Source(name, None if dimension is None else (dimension, at), step or name, next(names))
        for name, (dimension, steps) in found.items()
        for at, step in enumerate(steps)
    ]
    kept = tuple(each for each in sources if (given or {}).get(each.text, "") is not None)
    for source in kept:
        _check_time(source, cube[source.variable], axes, path)
    return kept


def _names(texts: Sequence[str], given: Mapping[str, str | None], path: Path) -> tuple[str, ...]:
    listed = None if not given else [given.get(text) or text for text in texts]
    return name_bands(texts, listed, str(path))


def _steps(variable: Any, axes: Axes, path: Path) -> tuple[str | None, tuple[str | None, ...]]:  # noqa: ANN401
    """The dimension of bands of a variable and what its steps are called."""
    others = [str(name) for name in variable.dims if name not in (axes.time, axes.y, axes.x)]
    wide = [name for name in others if variable.sizes[name] > 1]
    if len(wide) > 1:
        raise ValueError(
            f"{path}: {variable.name} has dimensions {', '.join(map(str, variable.dims))}; "
            "expected time, bands, y and x; choose one step of each other"
        )
    dimension = next(iter(wide or others), None)
    if dimension is None:
        return None, (None,)
    steps = tuple(_descriptions(variable, dimension))
    if variable.sizes[dimension] == 1 and not is_known(split_name(steps[0])[1]):
        return dimension, (None,)  # it says nothing that the variable's name does not
    return dimension, steps


def _descriptions(variable: Any, dimension: str) -> Iterator[str]:  # noqa: ANN401
    """What a dimension calls its steps: its labels, else what lies along them."""
    count = variable.sizes[dimension]
    labels = [variable[dimension]] if dimension in variable.coords else []
    beside = [each for each in variable.coords.values() if each.dims == (dimension,)]
    texts = [[_text(value) for value in each.values] for each in (*labels, *beside)]
    long_name = variable.attrs.get("long_name")  # rioxarray's list of descriptions
    if isinstance(long_name, (list, tuple)) and len(long_name) == count:
        texts.append([str(text) for text in long_name])
    plain = [str(number) for number in range(1, count + 1)]
    named = (each for each in texts if any(is_known(split_name(text)[1]) for text in each))
    yield from next(named, (texts or [plain])[0])


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _check_time(source: Source, variable: Any, axes: Axes, path: Path) -> None:  # noqa: ANN401
    if axes.time and axes.time not in variable.dims and is_reflectance(source.name):
        raise ValueError(
            f"{path}: {source.text} is reflectance without the dimension {axes.time}; leave it "
            f"alone by band_names: {{{source.text}: null}}, or give it dates"
        )
