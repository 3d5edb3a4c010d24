"""Which probes does a watch use when none are named?"""

from .feeding.activations import Collapse, Units
from .feeding.apart import Splits, Statistics, Views
from .feeding.batches import Ahead, Batches, Columns, Copied
from .feeding.inputs import Axes, Inputs, SameInputs
from .feeding.modes import Modes, Strangers
from .going.counts import Rebuilt, Stale, Updates
from .going.epochs import Metrics, Overfit, Validation
from .going.rates import Rates, Ticks
from .losing.addends import Addends, LearnedWeights
from .losing.baseline import Baseline, Signs
from .losing.losses import Diverging, Stream
from .losing.lossgraph import Clamps, Fit
from .losing.players import Players, Reported
from .losing.targets import ClassWeights, NotNumbers, Targets
from .losing.terms import Shapes, Terms
from .moving.changes import Intact, Strength, Swap
from .moving.gradients import Coverage, Depth, Finite
from .moving.holding import NeverCalled, Ownership, Weights
from .moving.motion import Declared, Modules, Motion, Replicas
from .probe import Probe


def standard_probes() -> list[Probe]:
    """Fresh probes; causes come before their symptoms, since the first fatal finding is the one that raises."""
    every = (
        Ownership, Weights, Modes, Strangers, Rates, Ticks, Updates, Batches, Stale, Rebuilt,
        NeverCalled, NotNumbers, Targets, ClassWeights, SameInputs,
        Finite, Coverage, Strength, Motion, Modules, Swap, Declared, Depth, Intact,
        Shapes, Fit, Signs, Ahead, Copied, Columns, Views, Axes,
        Players, Terms, Addends, LearnedWeights, Stream, Diverging, Clamps, Baseline,
        Units, Inputs, Splits, Collapse, Statistics,
        Reported, Validation, Overfit, Metrics, Replicas,
    )  # fmt: skip
    return [probe() for probe in every]
