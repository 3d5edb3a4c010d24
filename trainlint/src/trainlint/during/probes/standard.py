"""Which probes does a watch use when none are named?"""

from .activations import Collapse, Inputs, Units
from .batches_of_epoch import Batches
from .counts import Rebuilt, Stale, Updates
from .depth import Depth
from .epochs import Metrics, Reported, Validation
from .gradients import Coverage, Finite
from .lagging import Modules
from .losses import Baseline, Stream, Terms
from .lossgraph import Clamps, Fit, Shapes
from .modes import Modes, Strangers
from .motion import Declared, Motion
from .ownership import Ownership
from .probe import Probe
from .rates import Rates, Ticks
from .replicas import Replicas
from .strength import Strength
from .swap import Swap
from .symmetry import Weights


def standard_probes() -> list[Probe]:
    """Fresh probes; causes come before their symptoms, since the first fatal finding is the one that raises."""
    return [
        *(Ownership(), Weights(), Modes(), Strangers(), Rates(), Ticks(), Updates(), Batches(), Stale(), Rebuilt()),
        *(Finite(), Coverage(), Strength(), Motion(), Modules(), Swap(), Declared(), Depth()),
        *(Shapes(), Fit(), Terms(), Stream(), Clamps(), Baseline(), Units(), Inputs(), Collapse()),
        *(Reported(), Validation(), Metrics(), Replicas()),
    ]
