"""Which network proposes sources: beams of the panel images, a residual backbone over directions, and a head."""

import math
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from ..rng import stream
from .beamspace import Beamspace
from .candidates import candidate_cells, candidate_factors, gather_cells, visible
from .config import NetConfig
from .prediction import Prediction, summed_out
from .statistics import Statistics

_NEVER = -30.0
"""Log odds of a source in a direction that is not searched."""
_REACH = 1.5
"""How far, in steps of the grid, an offset can reach from its cell's centre."""

_AT_A_TIME = 32
"""Scenes: 0.8 of the time of 128 together."""
_SURE = 6.0
"""How far the log of a variance can be from that of the grid's step: no scene can weigh more than e^6 others."""


class HybridNet(nn.Module):
    """Panel images -> beams on a (u, w, q) grid -> residual convolutions -> heat-map, covariance factors, count.

    The covariance is not free: R_pred = Σ_k w_k a(p_k) a(p_k)^H + ε I of the candidates p_k that the heat-map
    proposes, so that the error of the covariance teaches positions and powers. The answer depends neither on the order
    of the snapshots nor on the scale and phase of the measurements. Any array will do, see `NetConfig.fitted_to`; of
    several wavelengths R_pred is that of the middle one.

    >>> import torch
    >>> from ris_pytorch_pipeline.data import inputs_from, simulate
    >>> from ris_pytorch_pipeline.experiment import presets
    >>> scenes = simulate(presets.tiny.scenario, 2, seed=0, dtype=torch.complex64)
    >>> net = HybridNet(presets.tiny.net)
    >>> net(inputs_from(scenes.observation, net.config.array)).candidates.shape  # in (u, w, q)
    torch.Size([2, 8, 3])

    Args:
        config: size and geometry.

    Raises:
        InfeasibleError: an array too large for its beams.
    """

    def __init__(self, config: NetConfig) -> None:
        super().__init__()
        self.config = config
        self.beams = Beamspace(config)
        planes = self.beams.grid.q.numel()
        self.backbone = Backbone(self.beams.channels, config.width, config.blocks)
        self.head = Head(config.width, planes, config.rank, config.most_sources)
        self.prior = -math.log(planes * int(self.beams.grid.valid.sum()))
        initialise(self, stream(config.seed, "weights"))

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """Every parameter, once, by the module it belongs to."""
        return {"backbone": list(self.backbone.parameters()), "head": list(self.head.parameters())}

    def forward(self, inputs: Statistics) -> Prediction:
        """Propose sources.

        Raises:
            InputError: images of another array.
        """
        seen, places = self.beams(inputs)
        if not self.training:  # a third faster on a CPU; a backward pass is not
            seen = seen.contiguous(memory_format=torch.channels_last)
        maps, gains, pooled = self._answers(seen)
        with torch.autocast(seen.device.type, enabled=False):
            return replace(self._assemble(maps.float(), gains.float(), pooled.float()), places=places)

    def _answers(self, seen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Backbone and head; without a backward pass some scenes at a time, whose features stay in cache."""
        if self.training or len(seen) <= _AT_A_TIME:
            return self.head(self.backbone(seen))
        parts = [self.head(self.backbone(some)) for some in seen.split(_AT_A_TIME)]
        maps, gains, pooled = (torch.cat(each) for each in zip(*parts, strict=True))
        return maps, gains, pooled

    def _assemble(self, maps: Tensor, gains: Tensor, pooled: Tensor) -> Prediction:
        """Maps (scene, 5 planes, n_u, n_w), gains (scene, n_u, n_w) and pooled features to the prediction."""
        config, grid = self.config, self.beams.grid
        maps = maps.unflatten(1, (5, -1)).movedim(2, -1)  # (scene, 5, n_u, n_w, n_q)
        heat = (maps[:, 0] + self.prior).masked_fill(self.beams.outside[..., None], _NEVER)
        offsets = _REACH * torch.tanh(maps[:, 1:4] / _REACH).movedim(1, -1)
        log_variance = 2 * math.log(max(grid.step[2], 1e-9)) + _SURE * torch.tanh(maps[:, 4] / _SURE)
        columns = summed_out(heat, offsets, log_variance, grid)
        steps = columns.places.new_tensor([max(step, 1e-9) for step in grid.step[:2]])
        cells, scores = candidate_cells(columns.heat, columns.places[..., :2] / steps, config.rank)
        scores = scores.masked_fill(scores < _NEVER / 2, -torch.inf)
        candidates = visible(grid.cosines_at(gather_cells(columns, cells)))
        factors = candidate_factors(
            candidates, scores, gains.flatten(1).gather(1, cells), self.beams.array, config.floor
        )
        return Prediction(
            factors=factors,
            candidates=candidates,
            scores=scores,
            heat=heat,
            offsets=offsets,
            log_variance_q=log_variance,
            order_logits=self.head.count(pooled, scores),
            grid=grid,
            floor=config.floor,
        )


class Backbone(nn.Module):
    """Features per direction: a 1 x 1 convolution, then residual blocks that see their neighbourhood and the whole map.

    Args:
        channels: of the input.
        width: of the features.
        blocks: how many.
    """

    def __init__(self, channels: int, width: int, blocks: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 1)
        self.blocks = nn.ModuleList(Block(width) for _ in range(blocks))

    def forward(self, maps: Float[Tensor, "scene channel n_u n_w"]) -> Float[Tensor, "scene width n_u n_w"]:
        """Features of each direction."""
        features = self.stem(maps)
        for block in self.blocks:
            features = block(features)
        return features


class Block(nn.Module):
    """x + conv(act(norm(conv(act(norm(x)))) + context(mean x))): residual, pre-activated, with a global context.

    Args:
        width: channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before, self.between = (nn.GroupNorm(width // 8, width) for _ in range(2))
        self.first, self.second = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))
        self.context = nn.Linear(width, width)
        self.act = nn.SiLU()

    def forward(self, x: Float[Tensor, "scene width n_u n_w"]) -> Float[Tensor, "scene width n_u n_w"]:
        """The features with what the block adds."""
        inner = self.first(self.act(self.before(x))) + self.context(x.mean(dim=(-1, -2)))[..., None, None]
        return x + self.second(self.act(self.between(inner)))


class Head(nn.Module):
    """Features to answers: five maps per distance plane, one power map, and the source count.

    Args:
        width: channels of the features.
        planes: of distance.
        rank: candidates.
        most_sources: largest count.
    """

    def __init__(self, width: int, planes: int, rank: int, most_sources: int) -> None:
        super().__init__()
        self.shared = nn.Sequential(nn.GroupNorm(width // 8, width), nn.Conv2d(width, 2 * width, 1), nn.SiLU())
        self.maps = nn.Conv2d(2 * width, 5 * planes, 1)
        self.gains = nn.Conv2d(2 * width, 1, 1)
        self.order = nn.Sequential(
            nn.Linear(4 * width + 2 * rank, 2 * width), nn.SiLU(), nn.Linear(2 * width, most_sources + 1)
        )

    def forward(self, features: Float[Tensor, "scene width n_u n_w"]) -> tuple[Tensor, Tensor, Tensor]:
        """Maps (scene, 5 planes, n_u, n_w), gains (scene, n_u, n_w) and mean and peak of the features."""
        shared = self.shared(features)
        pooled = torch.cat([shared.mean(dim=(-1, -2)), shared.amax(dim=(-1, -2))], dim=-1)
        return self.maps(shared), self.gains(shared)[:, 0], pooled

    def count(self, pooled: Tensor, scores: Float[Tensor, "scene rank"]) -> Float[Tensor, "scene count"]:
        """Logits of the source count, from the features and the candidates' scores (which it does not teach)."""
        score = scores.detach().clamp(-10, 10)
        return self.order(torch.cat([pooled, score.sigmoid(), score / 10], dim=-1))


def scale_by_fan_in(net: nn.Module, generator: Generator) -> None:
    """Draw the weights of all convolutions and linear layers, scaled by their fan-in; biases are 0."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def initialise(net: HybridNet, generator: Generator) -> None:
    """Draw all weights from one generator: scaled by the fan-in, a tenth of it where a block or a map ends.

    A block starts close to the identity, offsets and gains close to 0, and the heat close to the prior: one source
    among all cells.
    """
    scale_by_fan_in(net, generator)
    ends = [block.second for block in net.backbone.modules() if isinstance(block, Block)]
    with torch.no_grad():
        for module in (*ends, net.head.maps, net.head.gains):
            module.weight.mul_(0.1)
