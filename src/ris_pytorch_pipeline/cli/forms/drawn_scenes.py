"""How is the worst scene of an evaluation drawn for a paper? In space, and as MUSIC on the predicted covariance."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from ...covariance import music
from ...estimate import search_grid
from ...localise import Localiser
from ...physics import steering_at
from ...report import badness, geometry_figure, spectrum_figure
from ...train import Trained, load_network
from .kept_evaluation import KeptEvaluation
from .shown_scenes import Looked, located_again

_FACTORS = {"azimuth_deg": math.pi / 180, "elevation_deg": math.pi / 180, "distance_m": 1.0}


def worst_scene(folder: Path, kept: KeptEvaluation, model: Path) -> Iterator[tuple[str, Figure]]:
    """The figures of the worst kept scene, by name.

    Args:
        folder: of the evaluation.
        kept: in it.
        model: checkpoint of the network.

    Yields:
        Name and figure.
    """
    trained = load_network(model)
    looked = located_again(folder, kept, trained)
    if looked:
        worst = max(looked, key=lambda one: badness(one.finding))
        sources, missed = worst.finding["sources"], worst.finding["missed"]
        true = _places([*(source["truth"] for source in sources), *missed])
        found, deviations = _places(sources), _places([source["std"] for source in sources])
        array = worst.file.observation.array
        yield "worst-scene", geometry_figure(array.placed, true=true, found=found, deviations=deviations)
        yield "worst-spectrum", _spectrum(worst, trained, true, found)


def _places(values: Sequence[Mapping[str, Any] | None]) -> Tensor:
    """(source, 3), radians, radians, metres; NaN where a coordinate is not known. What is None is left out."""
    rows = [
        [math.nan if one[key] is None else one[key] * factor for key, factor in _FACTORS.items()]
        for one in values
        if one is not None
    ]
    return torch.tensor(rows, dtype=torch.float64).reshape(-1, 3)


def _spectrum(one: Looked, trained: Trained, true: Tensor, found: Tensor) -> Figure:
    scene = one.file.observation[one.row : one.row + 1]
    grid = search_grid(trained.net.config.region, scene.array, oversampling=4)
    vectors = Localiser(trained.net).predict(scene).covariance.eigenpairs().vectors[..., : max(1, len(found))]
    waves = steering_at(grid.points(), scene.array).to(vectors.dtype)
    values = -10 * music(vectors, waves)[0].clamp_min(1e-12).log10()
    return spectrum_figure(grid, values, quantity="MUSIC on R_pred (dB)", true=true, found=found)
