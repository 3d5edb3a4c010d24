"""Which probes does a watch use when none are named?"""

from .feeding.activations import Collapse, Units
from .feeding.apart import Splits
from .feeding.batches_of_epoch import Batches
from .feeding.inputs import Inputs, SameInputs
from .feeding.leaks import Ahead
from .feeding.modes import Modes, Strangers
from .feeding.normalisation import Statistics
from .going.counts import Rebuilt, Stale, Updates
from .going.epochs import Overfit, Validation
from .going.metrics import Metrics
from .going.rates import Rates, Ticks
from .losing.baseline import Baseline, Signs
from .losing.losses import Diverging, Stream
from .losing.lossgraph import Clamps, Fit
from .losing.players import Players
from .losing.reported import Reported
from .losing.shapes import Shapes
from .losing.targets import ClassWeights, NotNumbers, Targets
from .losing.terms import Terms
from .moving.calls import NeverCalled
from .moving.depth import Depth
from .moving.gradients import Coverage, Finite
from .moving.lagging import Modules
from .moving.motion import Declared, Motion
from .moving.ownership import Ownership
from .moving.replicas import Replicas
from .moving.strength import Strength
from .moving.swap import Swap
from .moving.symmetry import Weights
from .probe import Probe


def standard_probes() -> list[Probe]:
    """Fresh probes; causes come before their symptoms, since the first fatal finding is the one that raises."""
    return [
        *(Ownership(), Weights(), Modes(), Strangers(), Rates(), Ticks(), Updates(), Batches(), Stale(), Rebuilt()),
        *(NeverCalled(), NotNumbers(), Targets(), ClassWeights(), SameInputs()),
        *(Finite(), Coverage(), Strength(), Motion(), Modules(), Swap(), Declared(), Depth()),
        *(Shapes(), Fit(), Signs(), Ahead(), Players(), Terms(), Stream(), Diverging(), Clamps(), Baseline()),
        *(Units(), Inputs(), Splits(), Collapse(), Statistics()),
        *(Reported(), Validation(), Overfit(), Metrics(), Replicas()),
    ]
