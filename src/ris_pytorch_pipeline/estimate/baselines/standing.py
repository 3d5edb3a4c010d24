"""Does what a baseline found stand out from scatter? It asks nothing else of the model, and has no ± to be doubted."""

from dataclasses import replace

import torch

from ...physics import Observation
from ..estimate import Estimate, Status
from ..fit.counting.credible import evidence
from ..fit.groups import groups_of
from ..ml.pilots.pilot_ml import PilotMl
from ..ml.sml import Sml
from ..normalise import scale


def standing(estimate: Estimate, observation: Observation) -> Estimate:
    """The estimate, `weak` in place of `converged` where a source explains less beside scatter than a detection needs.

    A peak or the best grid point is always there, in data of a wrong convention and in noise, too.

    Args:
        estimate: of a baseline, with powers.
        observation: the scenes.
    """
    found = torch.nonzero(estimate.order > 0).squeeze(-1)
    if found.numel() == 0:
        return estimate
    scaled = scale(observation[found])
    rows, positions = scaled.observation, estimate.positions[found]
    powers = estimate.powers[found].double() * (scaled.channel / scaled.measured)[:, None]
    powers = powers.nan_to_num()  # slots without a source
    likelihood = PilotMl() if observation.symbols == "pilot" else Sml()
    doubtful = torch.zeros_like(found, dtype=torch.bool)
    groups = groups_of(rows, positions)
    gains = evidence(rows, groups, powers, likelihood.threshold, doubtful, counting=False).gains
    needed = gains.new_tensor([likelihood.needed(rows, order - 1) for order in estimate.order[found].tolist()])
    weak = found[(gains < needed[:, None]).any(-1)].tolist()
    status = list(estimate.status)
    for row in weak:
        status[row] = Status.WEAK if status[row] is Status.CONVERGED else status[row]
    return replace(estimate, status=tuple(status))
