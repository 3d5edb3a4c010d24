"""Which experiments train the same network? Those that are equal once every field without a say is at its default."""

from dataclasses import replace

from ...experiment import Optimisation, Phases, Plan, TrainingExperiment
from ...losses import LossWeights
from ...nets import network_kind
from ...physics import SourceKind
from ...physics.scenario import SymbolKind
from ...train.loop.schedule import last_phase, warmup_updates


def settled(training: TrainingExperiment) -> TrainingExperiment:
    """The experiment with every field at its default that has no say, however many epochs there are.

    The weight average leaves `decay` to `ema` and the last phase to `swa`; a ratio of the head is its `head_ratio`, and
    a ratio of 1 is none; a phase need not repeat a weight of the loss; as many batches as there are is no limit, and
    an epoch of fewer batches than are accumulated is one update; kinds of symbols that take turns begin anew; on a CPU
    every scene is drawn there; and a network has one configuration, see `NetworkKind.plainest`.

    Args:
        training: any.

    Returns:
        One that trains bit by bit alike.
    """
    return replace(
        training,
        kinds=_kinds(training.kinds, training.scenario.symbols),
        net=network_kind(training.network).plainest(training.net),
        optimisation=_optimisation(training.optimisation, training.plan),
        plan=_plan(training.plan, training.device),
        phases=_phases(training.phases, training.loss),
    )


def settled_in_length(training: TrainingExperiment) -> TrainingExperiment:
    """The experiment with every field at its default that has no say in as few epochs as it has.

    A patience that outlasts the epochs is none. A share of the updates is a whole number of them. A decay has no say
    while the average is young.

    Args:
        training: settled.

    Returns:
        One that trains bit by bit alike.
    """
    stopping, plan = training.stopping, training.plan
    if stopping.patience is not None and stopping.patience >= plan.epochs:
        stopping = replace(stopping, patience=None)
    config, updates = training.optimisation, plan.updates(training.optimisation.accumulation)
    config = replace(config, warmup=_warmup(config, updates), decay=_decay(config, updates))
    config = replace(config, constant_from=_constant_from(config, updates))
    return replace(training, stopping=stopping, optimisation=_optimisation(config, plan))


def _warmup(config: Optimisation, updates: int) -> float:
    """The plainest share with as many updates of warming up."""
    count = warmup_updates(updates, config)
    for share in (Optimisation().warmup, 0.0, count / updates):
        if share < config.constant_from and warmup_updates(updates, replace(config, warmup=share)) == count:
            return share
    return config.warmup


def _constant_from(config: Optimisation, updates: int) -> float:
    """The plainest share with which the last phase of `swa` begins at the same update."""
    first = last_phase(updates, config)
    for share in (Optimisation().constant_from, first / updates):
        if config.warmup < share and last_phase(updates, replace(config, constant_from=share)) == first:
            return share
    return config.constant_from


def _decay(config: Optimisation, updates: int) -> float:
    """A decay that the average never grows old enough for is none: it takes (1 + u) / (10 + u) if that is less."""
    oldest = updates / (9 + updates)
    return max(oldest, Optimisation().decay) if config.decay >= oldest else config.decay


def _kinds(kinds: tuple[SymbolKind, ...], usual: SymbolKind | tuple[SourceKind, ...]) -> tuple[SymbolKind, ...]:
    """The shortest turn that goes round as these do; none where it is that of the scenario."""
    lengths = (n for n in range(1, len(kinds) + 1) if len(kinds) % n == 0 and kinds == kinds[:n] * (len(kinds) // n))
    turn = kinds[: next(lengths, 0)]
    return () if turn == (usual,) else turn


def _optimisation(config: Optimisation, plan: Plan) -> Optimisation:
    usual = Optimisation()
    if config.average != "ema":
        config = replace(config, decay=usual.decay)
    if config.average != "swa":
        last = usual.constant_from if usual.constant_from > config.warmup else 1.0
        config = replace(config, constant=usual.constant, constant_from=last)
    config = replace(config, accumulation=min(config.accumulation, len(plan.sizes())))
    return _ratios(config)


def _ratios(config: Optimisation) -> Optimisation:
    """One of the two places that say how fast the head learns; a frozen one has no rate."""
    ratios = dict(config.ratios)
    head = ratios.get("head", config.head_ratio)
    kept = {group: ratio for group, ratio in ratios.items() if ratio != 1 and (group != "head" or ratio == 0)}
    return replace(config, head_ratio=head or Optimisation().head_ratio, ratios=tuple(sorted(kept.items())))


def _plan(plan: Plan, device: str) -> Plan:
    def limit(most: int | None, scenes: int) -> int | None:
        return None if most is None or most >= -(-scenes // plan.batch) else most

    return replace(
        plan,
        max_train_batches=limit(plan.max_train_batches, plan.n_train),
        max_val_batches=limit(plan.max_val_batches, plan.n_val),
        draw="cpu" if device == "cpu" else plan.draw,
    )


def _phases(phases: Phases, loss: LossWeights) -> Phases:
    joint = vars(loss)
    stages = tuple(
        replace(stage, weights=tuple(sorted((term, x) for term, x in stage.weights if x != joint[term])))
        for stage in phases.stages
    )
    return Phases() if not any(stage.weights for stage in stages) else Phases(stages=stages)
