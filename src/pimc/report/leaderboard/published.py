"""Numbers that others published, each with what sets it apart from ours.

None of them was made by this project, and none is compared with ours by an interval: data or
protocol differ, as ``caveat`` says. A source names the paper of the method; its own table or a
later comparison reports the number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """What one source reports of one method.

    Attributes:
        task: ours that is closest.
        method: name, with its backbone.
        data: on which data.
        scores: by the names of our tables; accuracies are shares of 1. A pair is a range.
        source: where it is from.
        protocol: how the number was made.
        caveat: why it cannot be read against ours.
        budget: of labels, as ours are named.
    """

    task: str
    method: str
    data: str
    scores: Mapping[str, float | tuple[float, float]]
    source: str
    protocol: str
    caveat: str
    budget: str = "all"

    def __post_init__(self) -> None:
        """Check that nothing stands without its source and its caveat."""
        texts = (self.method, self.data, self.source, self.protocol, self.caveat)
        if not all(texts) or not self.scores:
            raise ValueError(
                f"a published number needs a method, data, scores, source, protocol and caveat, "
                f"got {self}"
            )


PAPER = "Stival, Torres, Pedrini 2026, arXiv 2601.04127"
DINO_MC = "DINO-MC: Wanyan et al. 2023, arXiv 2303.06670"
GALILEO = "Galileo: Tseng et al. 2025, arXiv 2502.09356"
MOMENT = "MOMENT: Goswami et al. 2024, arXiv 2402.03885"
PRESTO = "Presto: Tseng et al. 2023, arXiv 2304.14065"
SECO = "SeCo: Mañas et al. 2021, arXiv 2103.16607"

_FORECAST = {
    "protocol": "PASTIS, the next 10 values from 32 observations",
    "caveat": "RMSE almost surely on values that were standardised; how, on which pixels and on "
    "which folds is not known, and neither persistence nor climatology stands beside it",
}
_RGB = "bands differ from ours where ours are not RGB; test lists differ between papers"
_SEGMENTATION = (
    "segmentation of whole patches, which sees the ground around a pixel; ours classifies sampled "
    "pixels one by one"
)


def _forecasts(rows: Iterable[tuple[str, str, float, float, float]]) -> list[Published]:
    names = ("rmse_NDVI", "rmse_EVI", "rmse_SAVI")
    return [
        Published(
            task="forecasting",
            method=method,
            data="PASTIS",
            scores=dict(zip(names, values, strict=True)),
            source=f"{PAPER}; {origin}" if origin else PAPER,
            **_FORECAST,
        )
        for method, origin, *values in rows
    ]


def _eurosat(
    method: str,
    accuracy: float | tuple[float, float],
    source: str,
    protocol: str,
    caveat: str = _RGB,
    budget: str = "all",
) -> Published:
    scores = {"accuracy": accuracy}
    return Published("land_cover", method, "EuroSAT", scores, source, protocol, caveat, budget)


def _pastis(
    method: str, scores: Mapping[str, float], source: str, protocol: str, caveat: str = ""
) -> Published:
    told = f"{_SEGMENTATION}{'; ' if caveat else ''}{caveat}"
    return Published("pixel_classification", method, "PASTIS", scores, source, protocol, told)


PUBLISHED = (
    _eurosat(
        "PIMC, fine-tuned (the paper)",
        0.88,
        PAPER,
        "fine-tuned; split and bands are not known",
        "given as about 88 %, on par with a ViT-32 and slightly below SeCo",
    ),
    _eurosat(
        "CNN, supervised",
        0.9857,
        "Helber et al. 2019 (EuroSAT), arXiv 1709.00029",
        "fine-tuned from ImageNet weights, random split",
        "rests on ImageNet weights and a random split, in which neighbours of a test image train",
    ),
    _eurosat("ViT, small, from scratch", 0.944, "a small ViT of the literature", "RGB"),
    _eurosat("SeCo ResNet-18, fine-tuned", 0.931, SECO, "RGB, fine-tuned"),
    _eurosat(
        "SatMAE-L, fine-tuned",
        0.955,
        "SatMAE: Cong et al. 2022, arXiv 2207.08051",
        "RGB, fine-tuned",
    ),
    _eurosat(
        "Presto, fine-tuned, RGB",
        0.849,
        PRESTO,
        "RGB, fine-tuned",
    ),
    _eurosat(
        "Presto, fine-tuned, all bands",
        0.953,
        PRESTO,
        "all bands, fine-tuned",
        "sees the near and short-wave infrared, which RGB images lack",
    ),
    _eurosat(
        "DINO-MC ResNet-50, linear probe",
        0.956,
        DINO_MC,
        "RGB, frozen features",
    ),
    _eurosat(
        "SSL4EO ResNet-50, linear probe",
        (0.95, 0.96),
        "SSL4EO-S12: Wang et al. 2023, arXiv 2211.07044",
        "RGB, frozen features, spatial split",
    ),
    _eurosat(
        "Mean and deviation of each band, RGB",
        0.67,
        "a trivial baseline of the literature",
        "RGB, linear",
    ),
    _eurosat(
        "Mean and deviation of each band, all bands",
        (0.86, 0.88),
        "a trivial baseline of the literature",
        "all bands, linear",
        "sees the near and short-wave infrared, which RGB images lack",
    ),
    _eurosat(
        "Random convolution features, RGB",
        0.62,
        "a trivial baseline of the literature",
        "RGB, linear",
    ),
    _eurosat(
        "Random convolution features, all bands",
        (0.79, 0.91),
        "a trivial baseline of the literature",
        "all bands, linear",
        "sees the near and short-wave infrared, which RGB images lack",
    ),
    _eurosat(
        "Galileo-Base",
        0.566,
        GALILEO,
        "1 % of the labels",
        "on m-eurosat, GEO-Bench's cut of EuroSAT with its own 1 %; sees more than RGB",
        "hundredth",
    ),
    _pastis(
        "U-TAE",
        {"accuracy": 0.832, "miou": 0.631},
        "U-TAE: Garnot, Landrieu 2021, arXiv 2107.07933",
        "supervised, the five official folds",
    ),
    _pastis(
        "TSViT",
        {"accuracy": 0.834, "miou": 0.654},
        "TSViT: Tarasiou et al. 2023, arXiv 2301.04944",
        "supervised, the five official folds",
    ),
    _pastis(
        "AnySat, frozen",
        {"miou": 0.462},
        "AnySat: Astruc et al. 2024, arXiv 2412.14123",
        "frozen; folds 1-3 train, 4 validates, 5 tests",
    ),
    _pastis(
        "Galileo-Base, frozen",
        {"miou": 0.392},
        GALILEO,
        "frozen; folds 1-3 train, 4 validates, 5 tests",
        "its own head, which was worth 13.9 points of mean IoU",
    ),
    _pastis(
        "SACo ResNet-18, frozen",
        {"accuracy": 0.5467, "miou": 0.2915},
        "SACo, earlier work of the paper's authors",
        "frozen",
    ),
    *_forecasts(
        [
            ("MOMENT (1-D)", MOMENT, 0.5829, 0.5900, 0.6052),
            ("1-D CNN", "", 0.6808, 0.6392, 0.6467),
            ("SeCo on plots, fine-tuned", SECO, 0.8552, 0.7439, 0.7788),
            ("DINO-MC on plots, fine-tuned", DINO_MC, 0.5147, 0.5067, 0.4907),
            ("PIMC on plots, fine-tuned (the paper)", "", 0.4849, 0.5464, 0.5387),
        ]
    ),
    *(
        Published(
            "forecasting",
            method,
            "GreenEarthNet",
            {"raw_rmse_NDVI": value},
            "GreenEarthNet: Benson et al. 2024, arXiv 2303.16198",
            "NDVI in its own units, the next 100 days by steps of 5",
            "other ground, other horizon; the best model reads the weather of the days ahead",
        )
        for method, value in (
            ("Persistence", 0.23),
            ("Last year", 0.20),
            ("Climatology", 0.18),
            ("Best model", 0.14),
        )
    ),
)
"""All numbers, in the order of the tasks."""
