"""How well a predicted covariance explains the measurements: the coded-domain likelihood, which needs no labels."""

import torch
from jaxtyping import Float
from torch import Tensor

from ..data import Inputs
from ..errors import InputError
from ..nets import Prediction
from ..physics import coded_response


def coded_likelihood(prediction: Prediction, inputs: Inputs) -> Float[Tensor, "scene"]:  # noqa: F821
    """(1/(L M)) Σ_l log|Γ_l| + y_l^H Γ_l⁻¹ y_l with Γ_l = ρ G_l F F^H G_l^H + σ² I, for y of unit mean power.

    σ² is the estimated noise share of the inputs, and ρ gives Γ the power of the measurements on average. Computed by
    Cholesky factors of the M x M matrices.

    >>> import torch
    >>> from dataclasses import replace
    >>> from torch.nn.functional import pad
    >>> from ris_pytorch_pipeline.data import batch_from, simulate
    >>> from ris_pytorch_pipeline.nets import HybridNet, NetConfig
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=2, snr_db=20.0)
    >>> net = HybridNet(NetConfig(width=8, blocks=1).fitted_to(scenario))
    >>> inputs, labels = batch_from(simulate(scenario, 3, seed=0, dtype=torch.complex64), net.config.array)
    >>> guessed = net(inputs)
    >>> exact = replace(guessed, factors=pad(labels.factors, (0, 6)))
    >>> bool((coded_likelihood(exact, inputs) < coded_likelihood(guessed, inputs)).all())  # the lower, the better
    True

    Raises:
        InputError: several wavelengths: R_pred is that of one.
    """
    scene = inputs.observation
    if scene.wide:
        raise InputError(
            "measurements at one wavelength, whose covariance R_pred is", f"{scene.array.frequencies} wavelengths",
            "the term `likelihood` of the loss for a wideband array", "set loss.likelihood to 0",
        )  # fmt: skip
    measurements = scene.measurements.to(prediction.factors.dtype)
    power = torch.view_as_real(measurements).square().sum(-1).mean(dim=(-1, -2))
    noise = inputs.log_noise.to(power.dtype).exp()
    response = coded_response(prediction.factors.mT, scene.codes, scene.channel).to(prediction.factors.dtype)
    mean = torch.view_as_real(response).square().sum(-1).sum(-2).mean(dim=(-1, -2))  # per antenna and snapshot
    share = ((1 - noise).clamp_min(1e-3) / mean).sqrt()
    response = response.mT * share[:, None, None, None]  # (scene, snapshot, antenna, rank)
    eye = torch.eye(response.shape[-2], dtype=response.dtype, device=response.device)
    factor = torch.linalg.cholesky(response @ response.mH + noise[:, None, None, None] * eye)
    scaled = (measurements * power.rsqrt()[:, None, None])[..., None]
    whitened = torch.linalg.solve_triangular(factor, scaled, upper=False)
    logdet = 2 * factor.diagonal(dim1=-2, dim2=-1).real.log().mean(dim=(-1, -2))
    return logdet + torch.view_as_real(whitened).square().sum(-1).mean(dim=(-1, -2, -3))
