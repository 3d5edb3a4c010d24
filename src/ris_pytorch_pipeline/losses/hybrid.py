"""How wrong a prediction is in one number: the weighted sum of named terms, each of them reported."""

import math
from dataclasses import dataclass, fields
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ..data import Inputs, Labels
from ..errors import ConfigurationError, InputError
from ..nets import Prediction
from . import terms
from .contrast import peak_contrast
from .likelihood import coded_likelihood
from .targets import targets_on


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """Weight of each term of `HybridLoss`; a term of weight 0 is not computed.

    >>> from ris_pytorch_pipeline.experiment import Phase
    >>> alone = Phase(name="order", share=0.1, weights=(("covariance", 0.0), ("order", 1.0)))
    >>> LossWeights(order=0.5).order, dict(alone.weights)["order"]  # of the whole training, and of a phase of it
    (0.5, 1.0)

    Args:
        covariance: NMSE of R_pred.
        subspace: share of R_pred outside the true signal subspace.
        heat: focal cross-entropy of the heat-map.
        direction: Huber distance in (u, w) around the sources.
        distance: negative log-likelihood of q around the sources.
        order: cross-entropy of the source count.
        contrast: MVDR spectrum of R_pred at the sources against its neighbourhood; off by default.
        likelihood: coded-domain likelihood of the measurements, which needs no labels; off by default.

    Raises:
        ConfigurationError: a negative or infinite weight, or none above 0.
    """

    covariance: float = 1.0
    subspace: float = 0.5
    heat: float = 1.0
    direction: float = 1.0
    distance: float = 0.2
    order: float = 0.2
    contrast: float = 0.0
    likelihood: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value < math.inf:
                raise ConfigurationError(f"{name} >= 0", str(value), "a sign", "pass 0 to leave a term out")
        if not self.active:
            raise ConfigurationError(
                "a weight above 0 for some term", "0 for all", "weights that were wiped", "set covariance or heat"
            )

    @property
    def active(self) -> dict[str, float]:
        """The weights above 0 by name."""
        return {f.name: vars(self)[f.name] for f in fields(self) if vars(self)[f.name] > 0}


@dataclass(frozen=True, kw_only=True)
class LossReport:
    """A loss and what it is made of.

    >>> import torch
    >>> raw = {"heat": torch.tensor(0.8), "order": torch.tensor(0.5)}
    >>> terms = {"heat": raw["heat"], "order": 2 * raw["order"]}
    >>> report = LossReport(total=sum(terms.values()), terms=terms, raw=raw)
    >>> max(report.terms, key=lambda name: float(report.terms[name]))  # what most of the loss is
    'order'

    Args:
        total: the sum of `terms`.
        terms: weighted, by name.
        raw: before weighting.
    """

    total: Float[Tensor, ""]
    terms: dict[str, Float[Tensor, ""]]
    raw: dict[str, Float[Tensor, ""]]


@dataclass(frozen=True)
class HybridLoss:
    """Σ_i weight_i term_i, each term a mean over scenes; computed in float32 outside autocast.

    >>> import torch
    >>> from ris_pytorch_pipeline.data import inputs_from, labels_from, simulate
    >>> from ris_pytorch_pipeline.experiment import presets
    >>> from ris_pytorch_pipeline.nets import HybridNet
    >>> scenes = simulate(presets.tiny.scenario, 2, seed=0, dtype=torch.complex64)
    >>> inputs = inputs_from(scenes.observation, presets.tiny.net.array)
    >>> labels = labels_from(scenes.truth, scenes.observation)
    >>> report = HybridLoss(LossWeights())(HybridNet(presets.tiny.net)(inputs), inputs, labels)
    >>> bool(torch.isclose(report.total, sum(report.terms.values())))
    True

    Args:
        weights: of the terms.
    """

    weights: LossWeights

    def __call__(self, prediction: Prediction, inputs: Inputs, labels: Labels) -> LossReport:
        """The loss of a batch.

        Raises:
            InputError: a prediction of another number of scenes than the labels.
        """
        if not len(prediction) == len(inputs) == len(labels):
            raise InputError(
                "a prediction, inputs and labels of the same scenes",
                f"{len(prediction)}, {len(inputs)} and {len(labels)} scenes",
                "the labels of another batch",
                "pass the pair that the data source returned",
            )
        with torch.autocast(labels.cosines.device.type, enabled=False):
            per_scene = self._per_scene(prediction, inputs, labels)
        raw = {name: value.mean() for name, value in per_scene.items()}
        weighted = {name: self.weights.active[name] * value for name, value in raw.items()}
        return LossReport(total=torch.stack(list(weighted.values())).sum(), terms=weighted, raw=raw)

    def _per_scene(self, prediction: Prediction, inputs: Inputs, labels: Labels) -> dict[str, Tensor]:
        """Every active term per scene."""
        targets = targets_on(prediction.grid, labels)
        given: dict[str, tuple[Any, ...]] = {
            "covariance": (terms.covariance_nmse, prediction, labels),
            "subspace": (terms.subspace_distance, prediction, labels),
            "heat": (terms.heat_focal, prediction, targets),
            "direction": (terms.direction_error, prediction, targets),
            "distance": (terms.inverse_distance_nll, prediction, targets),
            "order": (terms.order_cross_entropy, prediction, labels),
            "contrast": (peak_contrast, prediction, labels),
            "likelihood": (coded_likelihood, prediction, inputs),
        }
        return {name: given[name][0](*given[name][1:]) for name in self.weights.active}
