"""Which experiments train the same network? Those that are equal once every field without a say is at its default."""

from dataclasses import replace

from ...experiment import Optimisation, Plan, Stopping, TrainingExperiment
from ...nets import network_kind
from ...physics import SourceKind
from ...physics.scenes.scenario import SymbolKind
from ...train.loop.schedule import last_phase, warmup_updates
from .alike_phases import settled_phases, settled_phases_in


def settled(training: TrainingExperiment) -> TrainingExperiment:
    """The experiment with every field at its default that has no say, however many epochs there are.

    The weight average leaves `decay` to `ema` and the last phase to `swa`, and one that remembers nothing is none; a
    ratio of the head is its `head_ratio`, and a ratio of 1 is none; phases are told apart by their weights, see
    `settled_phases`; as many batches as there are is no limit, and an epoch of fewer batches than are accumulated is
    one update; scenes that no batch reaches are none; kinds of symbols that take turns begin anew; on a CPU every scene
    is drawn there; and a network has one configuration, see `NetworkKind.plainest`.

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
        phases=settled_phases(training.phases, training.loss),
    )


def settled_in_length(training: TrainingExperiment) -> TrainingExperiment:
    """The experiment with every field at its default that has no say in as few epochs as it has.

    A patience that outlasts the epochs is none: the first epoch is the best one at first, and a run that ends anyway
    is not stopped. A single epoch is the best one, whatever says so, and its scenes are new. A share of the updates is
    a whole number of them. A decay has no say while the average is young.

    Args:
        training: settled.

    Returns:
        One that trains bit by bit alike, as far as it trains at all: where no validation is finite, there is no best
        epoch.
    """
    plan = training.plan if training.plan.epochs > 1 else _plan_of_one(training.plan)
    config, updates = training.optimisation, plan.updates(training.optimisation.accumulation)
    config = replace(config, warmup=_warmup(config, updates), decay=_decay(config, updates))
    config = replace(config, constant_from=_constant_from(config, updates))
    if config.average == "swa" and last_phase(updates, config) == updates:
        config = replace(config, average="live")
    return replace(
        training,
        stopping=_stopping(training.stopping, plan.epochs),
        optimisation=_optimisation(config, plan),
        plan=plan,
        phases=settled_phases_in(training.phases, training.loss, updates),
    )


def _stopping(stopping: Stopping, epochs: int) -> Stopping:
    if epochs == 1:
        return Stopping()
    if stopping.patience is not None and stopping.patience >= epochs - 1:
        return replace(stopping, patience=None)
    return stopping


def _plan_of_one(plan: Plan) -> Plan:
    """The plan of one epoch, whose scenes nobody sees again; as they are where they are those of the validation."""
    return plan if plan.same_scenes else _reached(replace(plan, fresh=Plan().fresh))


def _reached(plan: Plan) -> Plan:
    """The plan without scenes that lie beyond its last batch."""
    return replace(plan, n_train=plan.sizes().total, max_train_batches=None)


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
    if config.average == "ema" and config.decay == 0:
        config = replace(config, average="live")
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

    plan = replace(
        plan,
        max_train_batches=limit(plan.max_train_batches, plan.n_train),
        max_val_batches=limit(plan.max_val_batches, plan.n_val),
        draw="cpu" if device == "cpu" else plan.draw,
    )
    return plan if plan.fresh or plan.same_scenes else _reached(plan)
