"""Which estimators does a trained network make, and how far is its covariance from the true one?"""

from dataclasses import dataclass

import torch

from ..covariance import LowRank, back_projected_middle, nmse, true_covariance
from ..errors import InputError
from ..estimate import Music, Mvdr, SearchRegion
from ..localise import Candidates, Explaining, Localiser, OnCovariance, Proposer
from ..nets import Network
from ..physics import Scenario, to_cosines
from ..rng import stream
from .interval import Measure, bootstrap_mean
from .sweep import BLOCK, Drawer
from .trial_scenes import cell_scenes

HYBRIDS = ("hybrid", "hybrid-search", "hybrid-raw", "music-pred", "mvdr-pred")
"""Candidates polished by the likelihood, the same with scenes in doubt searched, candidates as they are, and two
spectra of R_pred."""
DOUBT = 0.7
"""Probability of the last candidate in use below which `hybrid-search` searches; with it, trained networks find what
`Sml` finds, and search only what needs it."""


def proposer(name: str, beta: float, region: SearchRegion) -> Explaining | Proposer:
    """Where a network's starts come from, by name.

    >>> from ris_pytorch_pipeline.estimate import SearchRegion
    >>> proposer("music", 0.25, SearchRegion()).name, proposer("candidates", 0.0, SearchRegion()).name
    ('music on R_blend, β=0.25', 'candidates')

    Args:
        name: `music` or `mvdr`, the peaks of that spectrum of R_blend; `candidates`, the likeliest ones; anything else
            is the candidates that explain the measurements.
        beta: share of R_samp in R_blend.
        region: field of view of a spectrum.

    Raises:
        InputError: β outside [0, 1].
    """
    spectra = {"music": Music(region=region), "mvdr": Mvdr(region=region)}
    if name in spectra:
        return OnCovariance(spectrum=spectra[name], beta=beta)
    return Candidates() if name == "candidates" else Explaining()


def hybrids(net: Network, polish: int = 10) -> dict[str, Localiser]:
    """The estimators that a trained network makes, by the names of `HYBRIDS`.

    >>> from ris_pytorch_pipeline.localise import reference_network
    >>> made = hybrids(reference_network().net, polish=5)
    >>> list(made), made["hybrid-search"].doubt
    (['hybrid', 'hybrid-search', 'hybrid-raw', 'music-pred', 'mvdr-pred'], 0.7)

    Args:
        net: the network.
        polish: updates of the likelihood in `hybrid` and `hybrid-search`; the others have none.
    """
    region = net.config.region
    made = (
        Localiser(net, polish=polish),
        Localiser(net, polish=polish, doubt=DOUBT if polish else 0.0),
        Localiser(net, polish=0),
        Localiser(net, OnCovariance(spectrum=Music(region=region)), polish=0),
        Localiser(net, OnCovariance(spectrum=Mvdr(region=region)), polish=0),
    )
    return dict(zip(HYBRIDS, made, strict=True))


@dataclass(frozen=True, kw_only=True)
class CovarianceError:
    """‖R̂ - R‖²/‖R‖² with R = A P A^H, means over scenes.

    >>> error = CovarianceError(n=200, predicted=Measure(0.05, 0.04, 0.06), sampled=Measure(0.8, 0.79, 0.81))
    >>> error.predicted.high < error.sampled.low
    True

    Args:
        n: scenes.
        predicted: of R_pred.
        sampled: of R_samp, the back-projected covariance of the same scenes.
    """

    n: int
    predicted: Measure
    sampled: Measure


def covariance_error(
    net: Network, scenario: Scenario, scenes: int, seed: int, drawer: Drawer = cell_scenes
) -> CovarianceError:
    """The NMSE of R_pred and of R_samp on the very scenes of a sweep's cell.

    >>> from ris_pytorch_pipeline.localise import reference_network
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", sources=1, snr_db=20.0)
    >>> error = covariance_error(reference_network().net, scenario, scenes=4, seed=0)
    >>> error.n, error.predicted.value < error.sampled.value
    (4, True)

    Args:
        net: the network.
        scenario: of the cell.
        scenes: how many.
        seed: of the sweep.
        drawer: of the sweep.

    Raises:
        InputError: no scene, or another panel than the network's.
    """
    if scenes < 1:
        raise InputError("at least one scene", str(scenes), "a count left at zero", "pass scenes=200")
    localiser = Localiser(net)
    predicted, sampled = [], []
    for block, first in enumerate(range(0, scenes, BLOCK)):
        drawn = drawer(scenario, min(BLOCK, scenes - first), seed, block)
        seen, truth = drawn.observation, drawn.truth
        array = seen.array.central
        true = true_covariance(to_cosines(truth.positions, array), truth.powers, array)
        answer = localiser.predict(seen).covariance
        wide = LowRank(answer.factor.to(true.factor), answer.floor.to(true.floor))
        predicted.append(nmse(wide, true))
        sampled.append(nmse(back_projected_middle(seen, silent=True), true))
    generator = stream(seed, "bench/intervals/covariance")
    return CovarianceError(
        n=scenes,
        predicted=bootstrap_mean(torch.cat(predicted), generator),
        sampled=bootstrap_mean(torch.cat(sampled), generator),
    )
