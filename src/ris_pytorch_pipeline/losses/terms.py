"""What is wrong with a prediction: one function per term, each a mean over scenes in float32 or better."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cross_entropy, logsigmoid, smooth_l1_loss

from ..covariance import LowRank, nmse
from ..data import Labels
from ..nets import Prediction
from ..shapes import Steering
from .targets import Targets

_SOFT, _SHARP = 4.0, 2.0
"""Exponents of the focal loss: near a source a false alarm counts (1 - target)^4, and easy cells count p^2."""


def covariance_nmse(prediction: Prediction, labels: Labels) -> Float[Tensor, "scene"]:  # noqa: F821
    """‖R_pred - R‖² / ‖R‖² per scene, with R = A P A^H of trace N.

    >>> import torch
    >>> from dataclasses import replace
    >>> from torch.nn.functional import pad
    >>> from ris_pytorch_pipeline.data import batch_from, simulate
    >>> from ris_pytorch_pipeline.nets import HybridNet, NetConfig
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=1)
    >>> net = HybridNet(NetConfig(width=8, blocks=1).fitted_to(scenario))
    >>> inputs, labels = batch_from(simulate(scenario, 3, seed=0), net.config.array)
    >>> exact = replace(net(inputs), factors=pad(labels.factors.to(torch.complex64), (0, 7)))
    >>> covariance_nmse(exact, labels).abs().round(decimals=2)
    tensor([0., 0., 0.])
    """
    true = labels.factors.to(prediction.factors.dtype)
    return nmse(prediction.covariance, LowRank(true, torch.zeros_like(prediction.covariance.floor)))


def subspace_distance(prediction: Prediction, labels: Labels) -> Float[Tensor, "scene"]:  # noqa: F821
    """Share of R_pred outside the span of the true steering vectors: 1 - tr(P_A F F^H)/‖F‖², P_A = A (A^H A)⁻¹ A^H.

    A K x K Cholesky solve, no eigenvectors. The Gram matrix is loaded by 1e-4 N, so that two sources in one direction
    stay regular.

    >>> import torch
    >>> from dataclasses import replace
    >>> from torch.nn.functional import pad
    >>> from ris_pytorch_pipeline.data import batch_from, simulate
    >>> from ris_pytorch_pipeline.nets import HybridNet, NetConfig
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=1)
    >>> net = HybridNet(NetConfig(width=8, blocks=1).fitted_to(scenario))
    >>> inputs, labels = batch_from(simulate(scenario, 3, seed=0), net.config.array)
    >>> exact = replace(net(inputs), factors=pad(labels.factors.to(torch.complex64), (0, 7)))
    >>> subspace_distance(exact, labels).abs().round(decimals=2)
    tensor([0., 0., 0.])
    """
    predicted = prediction.factors
    vectors = labels.steering.to(predicted.dtype)
    gram = vectors.conj() @ vectors.mT
    size = vectors.shape[-1]
    load = torch.where(labels.present, 1e-4 * size, float(size)).to(gram.dtype)
    cross = vectors.conj() @ predicted  # (scene, source, rank)
    whitened = torch.linalg.solve_triangular(
        torch.linalg.cholesky(gram + torch.diag_embed(load)), cross, upper=False
    )  # fmt: skip
    return 1 - _squared(whitened) / _squared(predicted)


def heat_focal(prediction: Prediction, targets: Targets) -> Float[Tensor, "scene"]:  # noqa: F821
    """Focal cross-entropy of the heat-map, per source; it knows no order of the sources.

    -(1 - p)² log p in a source's cell and -(1 - t)⁴ p² log(1 - p) elsewhere, with p the probability and t the target.
    Law and Deng, CornerNet (2018), eq. 1.

    >>> import torch
    >>> from dataclasses import replace
    >>> from ris_pytorch_pipeline.data import batch_from, simulate
    >>> from ris_pytorch_pipeline.losses import targets_on
    >>> from ris_pytorch_pipeline.nets import HybridNet, NetConfig
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=1)
    >>> net = HybridNet(NetConfig(width=8, blocks=1).fitted_to(scenario))
    >>> inputs, labels = batch_from(simulate(scenario, 3, seed=0), net.config.array)
    >>> prediction = net(inputs)
    >>> targets = targets_on(prediction.grid, labels)
    >>> exact = replace(prediction, heat=torch.where(targets.heat == 1, 9.0, -9.0))  # logits
    >>> heat_focal(exact, targets).round(decimals=2)
    tensor([0., 0., 0.])
    """
    logits, target = prediction.heat, targets.heat.to(prediction.heat.dtype)
    probability, hit = logits.sigmoid(), target == 1
    positive = (1 - probability) ** _SHARP * logsigmoid(logits)
    negative = (1 - target) ** _SOFT * probability**_SHARP * logsigmoid(-logits)
    sources = hit.sum(dim=(1, 2, 3)).clamp_min(1)
    return -torch.where(hit, positive, negative).sum(dim=(1, 2, 3)) / sources


def direction_error(prediction: Prediction, targets: Targets) -> Float[Tensor, "scene"]:  # noqa: F821
    """Huber distance in direction, in steps of the grid, of the cells around a source from the nearest source.

    >>> from ris_pytorch_pipeline.data import batch_from, simulate
    >>> from ris_pytorch_pipeline.losses import targets_on
    >>> from ris_pytorch_pipeline.nets import HybridNet, NetConfig
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=1)
    >>> net = HybridNet(NetConfig(width=8, blocks=1).fitted_to(scenario))
    >>> inputs, labels = batch_from(simulate(scenario, 3, seed=0), net.config.array)
    >>> prediction = net(inputs)
    >>> direction_error(prediction, targets_on(prediction.grid, labels)).shape  # in steps of the grid
    torch.Size([3])
    """
    found, true = prediction.columns.places[..., :2], targets.nearest_to(prediction.columns.places)[..., :2]
    step = found.new_tensor([max(s, 1e-9) for s in prediction.grid.step[:2]])
    error = smooth_l1_loss(found / step, true.to(found.dtype) / step, reduction="none", beta=0.2).sum(-1)
    return _mean_near(error, targets)


def inverse_distance_nll(prediction: Prediction, targets: Targets) -> Float[Tensor, "scene"]:  # noqa: F821
    """Gaussian negative log-likelihood of q around each source: ((q - q̂)²/v + log v)/2, in steps of the grid.

    The variance v is the network's own: it states how well the distance can be told.

    >>> from ris_pytorch_pipeline.data import batch_from, simulate
    >>> from ris_pytorch_pipeline.losses import targets_on
    >>> from ris_pytorch_pipeline.nets import HybridNet, NetConfig
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=1)
    >>> net = HybridNet(NetConfig(width=8, blocks=1).fitted_to(scenario))
    >>> inputs, labels = batch_from(simulate(scenario, 3, seed=0), net.config.array)
    >>> prediction = net(inputs)
    >>> inverse_distance_nll(prediction, targets_on(prediction.grid, labels)).shape  # one number a scene
    torch.Size([3])
    """
    columns, step = prediction.columns, max(prediction.grid.step[2], 1e-9)
    log_variance = columns.log_variance_q - 2 * torch.tensor(step).log()
    square = ((columns.places[..., 2] - targets.nearest_to(columns.places)[..., 2]) / step).square()
    return _mean_near(0.5 * (square * (-log_variance).exp() + log_variance), targets)


def order_cross_entropy(prediction: Prediction, labels: Labels) -> Float[Tensor, "scene"]:  # noqa: F821
    """Cross-entropy of the source count.

    >>> import torch
    >>> from dataclasses import replace
    >>> from ris_pytorch_pipeline.data import batch_from, simulate
    >>> from ris_pytorch_pipeline.nets import HybridNet, NetConfig
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=1)
    >>> net = HybridNet(NetConfig(width=8, blocks=1).fitted_to(scenario))
    >>> inputs, labels = batch_from(simulate(scenario, 3, seed=0), net.config.array)
    >>> even = replace(net(inputs), order_logits=torch.zeros(3, 2))
    >>> order_cross_entropy(even, labels)  # log 2, of a coin between K = 0 and K = 1
    tensor([0.6931, 0.6931, 0.6931])
    """
    return cross_entropy(prediction.order_logits, labels.sources, reduction="none")


def _mean_near(values: Float[Tensor, "scene n_u n_w"], targets: Targets) -> Float[Tensor, "scene"]:  # noqa: F821
    """Mean over the directions near a source."""
    count = targets.near.sum(dim=(1, 2)).clamp_min(1)
    return values.masked_fill(~targets.near, 0).sum(dim=(1, 2)) / count


def _squared(matrix: Steering) -> Float[Tensor, "scene"]:  # noqa: F821
    """Squared Frobenius norm."""
    return torch.view_as_real(matrix).square().sum(dim=(-1, -2, -3))
