"""How does a network propose sources as a set? By slots that look at all directions, paired with the truth by the loss.

A kind of network of one's own, `set`, and its loss; `proposal_designs.py` trains it against the heat-map.
Carion et al., End-to-end object detection with transformers (2020).
"""

import math
from dataclasses import dataclass, replace
from typing import cast

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, scaled_dot_product_attention, smooth_l1_loss

from ris_pytorch_pipeline.data import Inputs, Labels
from ris_pytorch_pipeline.losses import HybridLoss, LossReport, LossWeights
from ris_pytorch_pipeline.matching import match
from ris_pytorch_pipeline.nets import NETWORKS, Beamspace, NetConfig, NetworkKind, Prediction
from ris_pytorch_pipeline.nets.candidates import candidate_factors, visible
from ris_pytorch_pipeline.nets.hybrid import Backbone, Block, scale_by_fan_in
from ris_pytorch_pipeline.nets.statistics import Statistics
from ris_pytorch_pipeline.rng import stream

_NEVER = -30.0
"""Log odds of a source in a cell that no slot names."""
_REACH = 1.5
"""How far, in steps of the grid, a slot's direction can be from the mean of those that it looks at."""
_WAVES = (1.0, 2.0, 4.0)
"""Half periods over the field of view by which a direction is told."""
_ALL = 1e6
"""Cut-off of the pairing that every pair stays below, so that every source has a slot."""


@dataclass(frozen=True, kw_only=True)
class SetConfig(NetConfig):
    """`NetConfig` whose `rank` is the number of slots.

    Args:
        layers: in which the slots look at the directions and at each other.
        heads: of each look.
    """

    layers: int = 1
    heads: int = 4


@dataclass(frozen=True, kw_only=True)
class SetPrediction(Prediction):
    """A prediction whose candidates are slots.

    Args:
        pointed: log of the share of each direction in what a slot points at; -inf outside the field of view.
    """

    pointed: Float[Tensor, "scene slot direction"]


class SetNet(nn.Module):
    """Beams and backbone of the hybrid -> slots that look at all directions -> (u, w, q), score and power of each.

    Args:
        config: size and geometry.
    """

    def __init__(self, config: SetConfig) -> None:
        super().__init__()
        self.config, self.beams = config, Beamspace(config)
        self.backbone = Backbone(self.beams.channels, config.width, config.blocks)
        self.head = Slots(config, self.beams)
        initialise(self, stream(config.seed, "weights"))

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """Every parameter, once, by the module it belongs to."""
        return {"backbone": list(self.backbone.parameters()), "head": list(self.head.parameters())}

    def forward(self, inputs: Statistics) -> SetPrediction:
        """Propose sources."""
        seen, places = self.beams(inputs)
        config, grid = self.config, self.beams.grid
        stated, scores, gains, pointed, pooled = self.head(self.backbone(seen))
        order = scores.argsort(dim=1, descending=True)
        stated = stated.gather(1, order[..., None].expand_as(stated))
        scores, gains = scores.gather(1, order), gains.gather(1, order)
        candidates = visible(grid.cosines_at(stated))
        heat = _on_cells(self.beams, stated, scores)
        return SetPrediction(
            factors=candidate_factors(candidates, scores, gains, self.beams.array, config.floor),
            candidates=candidates,
            scores=scores,
            heat=heat,
            offsets=heat.new_zeros((*heat.shape, 3)),
            log_variance_q=torch.full_like(heat, 2 * math.log(max(grid.step[2], 1e-9))),
            order_logits=self.head.count(pooled, scores),
            grid=grid,
            floor=config.floor,
            places=places,
            pointed=pointed.gather(1, order[..., None].expand_as(pointed)),
        )


class Slots(nn.Module):
    """Learned slots that look at each other and at all directions, point at some, and say what is there.

    Args:
        config: sizes.
        beams: whose grid is looked at.
    """

    centres: Tensor
    spans: Tensor
    waves: Tensor
    hidden: Tensor

    def __init__(self, config: SetConfig, beams: Beamspace) -> None:
        super().__init__()
        width, grid = config.width, beams.grid
        centres = torch.stack(torch.meshgrid(grid.u, grid.w, indexing="ij"), dim=-1).flatten(0, 1).float()
        turns = centres / centres.abs().amax(0) * math.pi
        waves = torch.cat([f(turns * each / 2) for each in _WAVES for f in (torch.sin, torch.cos)], dim=-1)
        depth = torch.stack([grid.q[0] + grid.q[-1], grid.q[-1] - grid.q[0]]).float() / 2
        spans = torch.cat([torch.tensor(grid.step[:2]), depth])
        for name, value in {"centres": centres, "spans": spans, "waves": waves}.items():
            self.register_buffer(name, value.float(), persistent=False)
        self.register_buffer("hidden", beams.outside.flatten(), persistent=False)
        self.shared = nn.Sequential(nn.GroupNorm(width // 8, width), nn.Conv2d(width, width, 1), nn.SiLU())
        self.where = nn.Linear(waves.shape[-1], width)
        self.queries = nn.Parameter(torch.zeros(config.rank, width))
        self.layers = nn.ModuleList(Layer(width, config.heads) for _ in range(config.layers))
        self.before = nn.LayerNorm(width)
        self.ask, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.answer = nn.Sequential(nn.Linear(2 * width, width), nn.SiLU(), nn.Linear(width, 5))
        inner, counts = 2 * width, config.most_sources + 1
        self.order = nn.Sequential(nn.Linear(inner + 2 * config.rank, inner), nn.SiLU(), nn.Linear(inner, counts))

    def forward(self, features: Float[Tensor, "scene width n_u n_w"]) -> tuple[Tensor, ...]:
        """Places, scores, gains and log shares of all directions of each slot, and mean and peak of the features."""
        shared = self.shared(features)
        pooled = torch.cat([shared.mean(dim=(-1, -2)), shared.amax(dim=(-1, -2))], dim=-1)
        cells = shared.flatten(2).mT + self.where(self.waves)
        slots = self.queries.expand(len(cells), -1, -1)
        for layer in self.layers:
            slots = layer(slots, cells, ~self.hidden[None])
        slots = self.before(slots)
        pointed = self.ask(slots) @ self.key(cells).mT / math.sqrt(cells.shape[-1])
        pointed = pointed.masked_fill(self.hidden, -torch.inf).log_softmax(-1)
        share = pointed.exp()
        said = self.answer(torch.cat([slots, share @ self.value(cells)], dim=-1))
        across = share @ self.centres + _REACH * torch.tanh(said[..., :2] / _REACH) * self.spans[:2]
        q = self.spans[2] + 1.15 * self.spans[3] * torch.tanh(said[..., 2:3])
        return torch.cat([across, q], dim=-1), said[..., 3], said[..., 4], pointed, pooled

    def count(self, pooled: Tensor, scores: Float[Tensor, "scene slot"]) -> Float[Tensor, "scene count"]:
        """Logits of the source count, as the hybrid's head has them."""
        score = scores.detach().clamp(-10, 10)
        return self.order(torch.cat([pooled, score.sigmoid(), score / 10], dim=-1))


class Layer(nn.Module):
    """Slots look at each other, then at the directions, then each thinks for itself; residual, normalised before.

    Args:
        width: of slots and features.
        heads: of each look.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.among, self.across = Look(width, heads), Look(width, heads)
        self.inner = nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))

    def forward(self, slots: Tensor, cells: Tensor, seen: Tensor) -> Tensor:
        """The slots with what they learn."""
        own = self.norms[0](slots)
        slots = slots + self.among(own, own, None)
        slots = slots + self.across(self.norms[1](slots), cells, seen)
        return slots + self.inner(self.norms[2](slots))


class Look(nn.Module):
    """Attention of several heads.

    Args:
        width: of both sides.
        heads: how many.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ask, self.key, self.value, self.end = (nn.Linear(width, width) for _ in range(4))

    def forward(self, slots: Tensor, cells: Tensor, seen: Tensor | None) -> Tensor:
        """What each slot takes from the cells that are seen."""
        parts = (self.ask(slots), self.key(cells), self.value(cells))
        ask, key, value = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        return self.end(scaled_dot_product_attention(ask, key, value, attn_mask=seen).transpose(1, 2).flatten(2))


def initialise(net: SetNet, generator: Generator) -> None:
    """Draw all weights from one generator: scaled by the fan-in, a tenth of it where a block, look or answer ends."""
    scale_by_fan_in(net, generator)
    ends = [each.second for each in net.backbone.modules() if isinstance(each, Block)]
    ends += [each.end for each in net.head.modules() if isinstance(each, Look)]
    with torch.no_grad():
        for module in (*ends, cast(nn.Linear, net.head.answer[-1])):
            module.weight.mul_(0.1)
        net.head.queries.normal_(generator=generator)


def _on_cells(beams: Beamspace, places: Float[Tensor, "scene slot 3"], scores: Tensor) -> Tensor:
    """The scores as a map on the grid, each in the cell nearest to its slot's place; of several there the highest."""
    grid, index = beams.grid, 0
    for number, axis in enumerate((grid.u, grid.w, grid.q)):
        nearest = (places[..., number, None] - axis.to(places)).abs().argmin(-1)
        index = index * axis.numel() + nearest
    flat = scores.new_full((len(scores), math.prod(grid.shape)), _NEVER)
    return flat.scatter_reduce(1, cast(Tensor, index), scores, "amax").unflatten(1, grid.shape)


def _unseen(prediction: SetPrediction, true: Float[Tensor, "scene source 3"]) -> Float[Tensor, "scene source slot"]:
    """Cross-entropy of what each slot points at and the directions around each source, of half a step's spread."""
    grid = prediction.grid
    gaps = [axis.to(true) - true[..., i, None] for i, axis in enumerate((grid.u, grid.w))]
    flat = [-2 * (gap / max(step, 1e-9)).square() for gap, step in zip(gaps, grid.step, strict=False)]
    around = (flat[0][..., :, None] + flat[1][..., None, :]).flatten(2)
    inside = prediction.pointed.isfinite().all(1)[:, None]
    wanted = around.masked_fill(~inside, -torch.inf).softmax(-1)
    return -(wanted @ prediction.pointed.masked_fill(~inside, 0).mT)


@dataclass(frozen=True, kw_only=True)
class SetWeights:
    """Weight of each term of `SetLoss` that is the set's own.

    Args:
        presence: cross-entropy of whether a slot has a source, a source.
        direction: Huber distance in (u, w) of a source's slot, in steps of the grid.
        distance: Huber distance in q of a source's slot, in steps of the grid.
        sure: what a slot's probability of a source counts in the pairing.
        pointing: cross-entropy of the directions that a source's slot points at; off unless it is asked for.
    """

    presence: float = 1.0
    direction: float = 1.0
    distance: float = 0.2
    sure: float = 1.0
    pointing: float = 0.0


class SetLoss:
    """Terms of the covariance, subspace and order as the hybrid has them; those of the map are of the paired slots.

    Args:
        weights: of the hybrid's terms.
        own: of the set's.
    """

    def __init__(self, weights: LossWeights, own: SetWeights) -> None:
        self.rest = HybridLoss(replace(weights, heat=0.0, direction=0.0, distance=0.0))
        self.own = own

    def __call__(self, prediction: SetPrediction, inputs: Inputs, labels: Labels) -> LossReport:
        """The loss of a batch."""
        report, grid, present = self.rest(prediction, inputs, labels), prediction.grid, labels.present
        true = torch.where(present[..., None], grid.places_of(labels.cosines), 0).to(prediction.scores)
        away = self._away(true[:, :, None], grid.places_of(prediction.candidates)[:, None], grid.step)
        lost = {"direction": away[..., :2].sum(-1), "distance": away[..., 2], "pointing": _unseen(prediction, true)}
        lost = {name: value for name, value in lost.items() if getattr(self.own, name) > 0}
        cost = sum(getattr(self.own, name) * value for name, value in lost.items())
        cost = cost + self.own.sure * (1 - prediction.scores.sigmoid())[:, None]
        slot = match(cost, present, torch.ones_like(prediction.scores, dtype=torch.bool), _ALL).clamp_min(0)
        taken = torch.zeros_like(prediction.scores).scatter_add(1, slot, present.to(prediction.scores))
        heard = binary_cross_entropy_with_logits(prediction.scores, taken, reduction="none").sum(-1)
        paired = {name: (value.gather(2, slot[..., None])[..., 0] * present).sum(-1) for name, value in lost.items()}
        counts = labels.sources.clamp_min(1)
        raw = {name: (value / counts).mean() for name, value in {"presence": heard, **paired}.items()}
        terms = {**report.terms, **{name: getattr(self.own, name) * value for name, value in raw.items()}}
        return LossReport(total=torch.stack(list(terms.values())).sum(), terms=terms, raw={**report.raw, **raw})

    def _away(self, true: Tensor, stated: Tensor, step: tuple[float, ...]) -> Tensor:
        """Huber distances on each axis in steps of the grid, (scene, source, slot, 3)."""
        steps = stated.new_tensor([max(each, 1e-9) for each in step])
        true, stated = torch.broadcast_tensors(true / steps, stated / steps)
        return smooth_l1_loss(stated, true, reduction="none", beta=0.2)


NETWORKS["set"] = NetworkKind(name="set", build=SetNet, config=SetConfig)
