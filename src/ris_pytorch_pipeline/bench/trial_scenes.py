"""Which scenes does a cell judge by? Those of its K and SNR, from streams of their own, with their bound."""

from dataclasses import dataclass

from ..bounds import Bound, scene_bound
from ..physics import Hardware, Scenario, Scenes, draw, ends
from ..physics.scenes.scenario import CountSpan, Span
from ..rng import stream


@dataclass(frozen=True, eq=False)
class Trial:
    """A block of the scenes of one cell, drawn once for every method, with their bound.

    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=1, snr_db=30.0)
    >>> trial = trial_of(scenario, 4, seed=0)
    >>> len(trial.scenes), trial.bound.azimuth.shape
    (4, torch.Size([4, 1]))
    """

    scenes: Scenes
    bound: Bound


def trial_of(scenario: Scenario, scenes: int, seed: int, block: int = 0) -> Trial:
    """Draw one block of a cell's scenes, in complex128, with their bound.

    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=1, snr_db=30.0)
    >>> trial = trial_of(scenario, 4, seed=0)
    >>> again = trial_of(scenario, 4, seed=0)
    >>> bool((again.scenes.truth.positions == trial.scenes.truth.positions).all())
    True

    Args:
        scenario: of the cell.
        scenes: how many.
        seed: the experiment's seed.
        block: number of the block.
    """
    return trial_on(cell_scenes(scenario, scenes, seed, block))


def trial_on(scenes: Scenes) -> Trial:
    """Scenes with their bound, as far as their array tells them.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", horizontal=4, vertical=4, sources=1), scenes=3, seed=0)
    >>> trial_on(scenes).bound.distance.shape  # metres, (scene, source)
    torch.Size([3, 1])
    """
    heard = scenes.as_told()
    return Trial(heard, scene_bound(heard))


def cell_scenes(
    scenario: Scenario, scenes: int, seed: int, block: int = 0, hardware: Hardware | None = None
) -> Scenes:  # fmt: skip
    """Draw one block of a cell's scenes; arguments as for `trial_of`, `hardware` as for `draw`.

    >>> from ris_pytorch_pipeline.physics import preset
    >>> cell_scenes(preset("random", horizontal=4, vertical=4), 3, seed=0).observation.measurements.shape
    torch.Size([3, 16, 16])
    """
    return draw(scenario, scenes, stream(seed, f"bench/{stream_part(scenario)}", block), hardware=hardware)


def spelled(span: CountSpan | Span) -> str:
    """A value, or a span as `low..high`.

    >>> spelled(3), spelled((1, 3)), spelled(10.0)
    ('3', '1..3', '10')
    """
    low, high = ends(span)
    return f"{low:g}" if low == high else f"{low:g}..{high:g}"


def label_of(scenario: Scenario) -> str:
    """Which cell a scenario makes: `K = 3, 10 dB`, `K = 1..3, 5..20 dB`.

    >>> from ris_pytorch_pipeline.physics import preset
    >>> label_of(preset("random", sources=(1, 3), snr_db=10.0))
    'K = 1..3, 10 dB'
    """
    return f"K = {spelled(scenario.sources)}, {spelled(scenario.snr_db)} dB"


def stream_part(scenario: Scenario) -> str:
    """The cell's part in the names of its random streams."""
    return f"{spelled(scenario.sources)}/{spelled(scenario.snr_db)}"
