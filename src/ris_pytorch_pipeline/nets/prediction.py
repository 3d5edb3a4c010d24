"""What a hybrid network answers: covariance factors, a heat-map of candidates in (u, w, q), and the source count."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..covariance import LowRank
from ..estimate import SearchGrid
from ..shapes import Cosines, Covariance


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """A typed answer; the heat-map stands on the axes of `grid`.

    >>> from ris_pytorch_pipeline.data import inputs_from, simulate
    >>> from ris_pytorch_pipeline.nets import HybridNet, NetConfig
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=2)
    >>> net = HybridNet(NetConfig(width=8, blocks=1).fitted_to(scenario))
    >>> prediction = net(inputs_from(simulate(scenario, 3, seed=0).observation, net.config.array))
    >>> prediction.factors.shape, prediction.order_logits.shape  # 8 candidates; K = 0, 1, 2
    (torch.Size([3, 16, 8]), torch.Size([3, 3]))

    Args:
        factors: F, (scene, element, rank), ‖F‖² = N (1 - floor), at the middle one of several wavelengths.
        candidates: (scene, rank, 3), (u, w, q) of the columns of F, the likeliest first; (scene, rank, 4) of a deep
            array, (d_x, u, w, q).
        scores: (scene, rank), log odds that a candidate is a source; -inf where the map states no further direction.
        heat: (scene, n_u, n_w, n_q), logits of a source in the cell.
        offsets: (scene, n_u, n_w, n_q, 3), from the cell's centre in steps of the grid.
        log_variance_q: (scene, n_u, n_w, n_q), log of the variance of q in (1/m)².
        order_logits: (scene, most sources + 1), of K = 0, 1, ...
        grid: the cells' centres.
        floor: ε of R_pred = F F^H + ε I.
        places: (scene, place, 3 or 4), cosines that the beams took for sources before any weight had a say; None where
            there are none.
    """

    factors: Complex[Tensor, "scene element rank"]
    candidates: Cosines
    scores: Float[Tensor, "scene rank"]
    heat: Float[Tensor, "scene n_u n_w n_q"]
    offsets: Float[Tensor, "scene n_u n_w n_q 3"]
    log_variance_q: Float[Tensor, "scene n_u n_w n_q"]
    order_logits: Float[Tensor, "scene count"]
    grid: SearchGrid
    floor: float
    places: Float[Tensor, "scene place coordinate"] | None = None

    def __len__(self) -> int:
        return self.heat.shape[0]

    @property
    def covariance(self) -> LowRank:
        """R_pred in its factored form."""
        return LowRank(self.factors, torch.full_like(self.scores[:, 0], self.floor))

    @cached_property
    def columns(self) -> "Columns":
        """The heat-map with its distance axis summed out."""
        return summed_out(self.heat, self.offsets, self.log_variance_q, self.grid)


@dataclass(frozen=True, eq=False)
class Columns:
    """One answer per direction cell: Σ over the distance planes, weighted by their share of the heat.

    >>> import torch
    >>> heat = torch.tensor([[[2.0, 1.0]]])  # two direction cells
    >>> columns = Columns(heat=heat, places=torch.zeros(1, 1, 2, 3), log_variance_q=torch.zeros(1, 1, 2))
    >>> int(columns.heat.flatten().argmax())  # the likelier one
    0

    Args:
        heat: (scene, n_u, n_w), log Σ_q exp(heat).
        places: (scene, n_u, n_w, 3), expected place on the axes: (u, w, q); of a deep array azimuth, elevation and q.
        log_variance_q: (scene, n_u, n_w), expected.
    """

    heat: Float[Tensor, "scene n_u n_w"]
    places: Float[Tensor, "scene n_u n_w 3"]
    log_variance_q: Float[Tensor, "scene n_u n_w"]


def summed_out(
    heat: Float[Tensor, "scene n_u n_w n_q"],
    offsets: Float[Tensor, "scene n_u n_w n_q 3"],
    log_variance_q: Float[Tensor, "scene n_u n_w n_q"],
    grid: SearchGrid,
) -> Columns:
    """Sum the distance planes of a heat-map out: a near-field peak is a ridge along distance, one per direction.

    >>> import torch
    >>> from ris_pytorch_pipeline.estimate import SearchRegion, search_grid
    >>> from ris_pytorch_pipeline.physics import Panel
    >>> grid = search_grid(SearchRegion(), Panel(horizontal=4, vertical=4, spacing=0.15).array(0.3))
    >>> flat = torch.zeros(1, *grid.shape)
    >>> columns = summed_out(flat, torch.zeros(*flat.shape, 3), flat, grid)
    >>> grid.shape, columns.places.shape  # one answer for each direction
    ((8, 5, 2), torch.Size([1, 8, 5, 3]))
    """
    share = heat.softmax(-1)
    centres = torch.stack(torch.meshgrid(grid.u, grid.w, grid.q, indexing="ij"), dim=-1)
    places = centres.to(offsets) + offsets * offsets.new_tensor(grid.step)
    return Columns(
        heat=heat.logsumexp(-1),
        places=(share[..., None] * places).sum(-2),
        log_variance_q=(share * log_variance_q).sum(-1),
    )


def R_pred(prediction: Prediction) -> Covariance:
    """R_pred = F F^H + ε I, trace N, (scene, element, element).

    >>> from ris_pytorch_pipeline.data import inputs_from, simulate
    >>> from ris_pytorch_pipeline.nets import HybridNet, NetConfig
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=2)
    >>> net = HybridNet(NetConfig(width=8, blocks=1).fitted_to(scenario))
    >>> prediction = net(inputs_from(simulate(scenario, 3, seed=0).observation, net.config.array))
    >>> R_pred(prediction).detach().diagonal(dim1=1, dim2=2).sum(1).real.round()  # trace N
    tensor([16., 16., 16.])
    """
    return prediction.covariance.dense()
