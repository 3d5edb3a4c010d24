"""How does a network propose sources one by one? By a heat-map of what is left behind those that it has found so far.

A kind of network of one's own, `sequence`, and its loss; `proposal_designs.py` trains it against the single heat-map.
"""

from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ris_pytorch_pipeline.data import Inputs, Labels
from ris_pytorch_pipeline.losses import HybridLoss, LossReport, LossWeights, targets_on, terms
from ris_pytorch_pipeline.nets import NETWORKS, Beamspace, HybridNet, NetConfig, NetworkKind, Prediction
from ris_pytorch_pipeline.nets.candidates import candidate_factors
from ris_pytorch_pipeline.nets.cleaning import Cleaning
from ris_pytorch_pipeline.nets.hybrid import Backbone, initialise
from ris_pytorch_pipeline.nets.peak import ascended
from ris_pytorch_pipeline.nets.statistics import Statistics
from ris_pytorch_pipeline.rng import stream
from ris_pytorch_pipeline.shapes import Cosines

_EACH = 2
"""Candidates of a turn: the one that is explained next, and the next likeliest."""
_DIGITS = 4.0
"""The gain g of an explained source is shown as log(1 + g) over this."""
_MAP_TERMS = ("heat", "direction", "distance")


@dataclass(frozen=True, kw_only=True)
class SequencePrediction(Prediction):
    """What all turns say together, and each of them.

    Args:
        turns: the same, with the maps of each turn.
    """

    turns: tuple[Prediction, ...] = ()


class Leftovers(Beamspace):
    """The beams, which a network asks again behind the sources that it names, in place of their own peaks.

    Args:
        config: array, field of view and planes.
    """

    @property
    def channels(self) -> int:
        """Of the first map, of what is left, and of what was explained, the plane wave, noise and kind."""
        return 2 * self.grid.q.numel() + 4

    @torch.no_grad()
    def start(self, inputs: Statistics) -> tuple[Cleaning, Tensor]:
        """The state before any source is explained, and its images."""
        self._check(inputs)
        images = torch.view_as_complex(inputs.images.float().movedim(2, -1).contiguous())
        images = images.unflatten(1, (self._array.frequencies, -1))
        images = images.mean(2, keepdim=True) if inputs.observation.symbols == "pilot" else images
        return Cleaning(inputs.observation, inputs.log_noise, self.array), images

    @torch.no_grad()
    def shown(self, images: Tensor) -> Float[Tensor, "scene n_q n_u n_w"]:
        """The map of some images."""
        return self._map(self.energy(images))

    @torch.no_grad()
    def constant(self, inputs: Statistics) -> Float[Tensor, "scene 3 n_u n_w"]:
        """What holds for all turns: the energy of a plane wave, the share of noise, the kind of symbols."""
        plane = self.plane_waves(inputs.energy)[:, None] / self.elements.shape[0]
        noise = inputs.log_noise.float()[:, None, None, None].expand_as(plane)
        return torch.cat([plane, noise + 1, torch.full_like(plane, 1.0 if _coherent(inputs) else -1.0)], dim=1)

    @torch.no_grad()
    def explained(self, cleaning: Cleaning, images: Tensor, place: Cosines, mark: Tensor) -> tuple[Tensor, ...]:
        """One uphill step from a place, which is explained: its end, the images of what is left, and the marks."""
        place = ascended(place.detach(), images, self.array, self.grid)
        gain = cleaning.explain(place).log1p() / _DIGITS
        steps = place.new_tensor(self.grid.step[:2])
        cells = torch.stack(torch.meshgrid(self.grid.u, self.grid.w, indexing="ij"), dim=-1).to(place)
        away = ((self.grid.places_of(place)[:, None, None, :2] - cells) / steps).square().sum(-1)
        return place, cleaning.images(), mark + gain[:, None, None] * torch.exp(-2 * away)


class SequenceNet(HybridNet):
    """The hybrid, asked once for each source there may be and once more, each time behind what it found before.

    Args:
        config: size and geometry; there are two candidates a turn, whatever its `rank`.
    """

    def __init__(self, config: NetConfig) -> None:
        turns = config.most_sources + 1
        super().__init__(replace(config, rank=_EACH * turns, passes=0))
        self.turns, self.beams = turns, Leftovers(self.config)
        self.backbone = Backbone(self.beams.channels, config.width, config.blocks)
        initialise(self, stream(config.seed, "weights"))

    def forward(self, inputs: Statistics) -> SequencePrediction:
        """Propose sources."""
        beams, turns = self.beams, []
        assert isinstance(beams, Leftovers)
        (cleaning, images), rest = beams.start(inputs), beams.constant(inputs)
        first = left = beams.shown(images)
        mark, places = torch.zeros_like(rest[:, 0]), []
        for turn in range(self.turns):
            seen = torch.cat([first, left, mark[:, None], rest], dim=1)
            maps, gains, pooled = self.head(self.backbone(seen))
            turns.append((self._assemble(maps, gains, pooled), gains, pooled))
            place, images, mark = beams.explained(cleaning, images, turns[-1][0].candidates[:, 0], mark)
            places.append(place)
            left = beams.shown(images) if turn < self.turns - 1 else left
        return self._joined(turns, torch.stack(places, dim=1))

    def _joined(self, turns: list[tuple[Prediction, Tensor, Tensor]], places: Cosines) -> SequencePrediction:
        """The first candidates of all turns, then their second ones."""
        order = [(number, each) for each in range(_EACH) for number in range(len(turns))]
        candidates = torch.stack([turns[number][0].candidates[:, each] for number, each in order], dim=1)
        scores = torch.stack([turns[number][0].scores[:, each] for number, each in order], dim=1)
        gains = torch.stack([self._gain(turns[n][1], turns[n][0].candidates[:, each]) for n, each in order], dim=1)
        whole, config = turns[0][0], self.config
        values: dict[str, Any] = {name: value for name, value in vars(whole).items() if name != "columns"} | {
            "candidates": candidates,
            "scores": scores,
            "factors": candidate_factors(candidates, scores, gains, self.beams.array, config.floor),
            "order_logits": self.head.count(torch.stack([each[2] for each in turns]).mean(0), scores),
            "places": places,
        }
        return SequencePrediction(**values, turns=tuple(each[0] for each in turns))

    def _gain(self, gains: Float[Tensor, "scene n_u n_w"], place: Cosines) -> Float[Tensor, "scene"]:  # noqa: F821
        """The log power in the cell nearest to a candidate."""
        at = self.beams.grid.places_of(place.detach())
        u, w = (
            (at[:, i, None] - axis.to(at)).abs().argmin(-1)
            for i, axis in enumerate((self.beams.grid.u, self.beams.grid.w))
        )
        return gains[torch.arange(len(gains)), u, w]


class SequenceLoss:
    """The hybrid's terms: those of the map are the mean over the turns, each against the sources that are left.

    Args:
        weights: of the terms.
    """

    def __init__(self, weights: LossWeights) -> None:
        self.weights = weights
        self.rest = HybridLoss(replace(weights, **dict.fromkeys(_MAP_TERMS, 0.0)))

    def __call__(self, prediction: SequencePrediction, inputs: Inputs, labels: Labels) -> LossReport:
        """The loss of a batch."""
        report, raw = self.rest(prediction, inputs, labels), []
        measures = (terms.heat_focal, terms.direction_error, terms.inverse_distance_nll)
        for number, turn in enumerate(prediction.turns):
            targets = targets_on(turn.grid, left_over(prediction.candidates[:, :number], turn, labels))
            raw.append(torch.stack([measure(turn, targets).mean() for measure in measures]))
        values = dict(zip(_MAP_TERMS, torch.stack(raw).mean(0), strict=True))
        whole = report.terms | {name: getattr(self.weights, name) * value for name, value in values.items()}
        return LossReport(total=torch.stack(list(whole.values())).sum(), terms=whole, raw={**report.raw, **values})


def left_over(found: Cosines, turn: Prediction, labels: Labels) -> Labels:
    """The sources without those within one step of the grid, in u and in w, of a place that was found."""
    steps = found.new_tensor(turn.grid.step[:2])
    true = torch.where(labels.present[..., None], turn.grid.places_of(labels.cosines), torch.inf)[..., :2].to(found)
    gone = ((true[:, :, None] - turn.grid.places_of(found)[:, None, :, :2]).abs() < steps).all(-1).any(-1)
    left = labels.present & ~gone
    order = left.to(torch.int8).argsort(dim=1, descending=True, stable=True)
    cosines = labels.cosines.gather(1, order[..., None].expand_as(labels.cosines))
    return replace(labels, cosines=cosines, powers=labels.powers.gather(1, order), sources=left.sum(1))


def _coherent(inputs: Statistics) -> bool:
    return inputs.observation.symbols == "pilot"


NETWORKS["sequence"] = NetworkKind(name="sequence", build=SequenceNet)
