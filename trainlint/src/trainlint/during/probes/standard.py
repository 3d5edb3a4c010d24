"""Which probes does a watch use when none are named?"""

from .activations import Collapse, Units
from .apart import Splits
from .baseline import Baseline, Signs
from .batches_of_epoch import Batches
from .calls import NeverCalled
from .counts import Rebuilt, Stale, Updates
from .depth import Depth
from .epochs import Overfit, Validation
from .gradients import Coverage, Finite
from .inputs import Inputs, SameInputs
from .lagging import Modules
from .losses import Diverging, Stream
from .lossgraph import Clamps, Fit
from .metrics import Metrics
from .modes import Modes, Strangers
from .motion import Declared, Motion
from .normalisation import Statistics
from .ownership import Ownership
from .players import Players
from .probe import Probe
from .rates import Rates, Ticks
from .replicas import Replicas
from .reported import Reported
from .shapes import Shapes
from .strength import Strength
from .swap import Swap
from .symmetry import Weights
from .targets import NotNumbers, Targets
from .terms import Terms


def standard_probes() -> list[Probe]:
    """Fresh probes; causes come before their symptoms, since the first fatal finding is the one that raises."""
    return [
        *(Ownership(), Weights(), Modes(), Strangers(), Rates(), Ticks(), Updates(), Batches(), Stale(), Rebuilt()),
        *(NeverCalled(), NotNumbers(), Targets(), SameInputs()),
        *(Finite(), Coverage(), Strength(), Motion(), Modules(), Swap(), Declared(), Depth()),
        *(Shapes(), Fit(), Signs(), Players(), Terms(), Stream(), Diverging(), Clamps(), Baseline()),
        *(Units(), Inputs(), Splits(), Collapse(), Statistics()),
        *(Reported(), Validation(), Overfit(), Metrics(), Replicas()),
    ]
