"""Can a result be trusted afterwards: checkpoints, resumed runs, best values, searches and failed samples?"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ..during.run import some
from ..findings import Finding
from ..rules import data as rules

_STATE = ("model", "optimizer", "scheduler", "random", "position")


def checkpoint(model: nn.Module, state: Mapping[str, Tensor], fresh: nn.Module, batch: Tensor) -> list[Finding]:
    """Findings where a stored state does not give the same model back, key by key and prediction by prediction.

    It is loaded into `fresh`, a newly built model of the same configuration; on `batch` both must agree bit by bit.
    """
    wanted, given = set(fresh.state_dict()), set(state)
    if wanted != given:
        missing, extra = sorted(wanted - given), sorted(given - wanted)
        text = f"{len(missing)} of {len(wanted)} keys missing ({some(missing, 2)}), "
        text += f"{len(extra)} left over ({some(extra, 2)})"
        return [rules.CHECKPOINT.found(text, missing=len(missing), extra=len(extra))]
    fresh.load_state_dict(dict(state))
    one, two = (_predict(each, batch) for each in (model, fresh))
    if torch.equal(one, two):
        return []
    apart = float((one - two).abs().max())
    return [rules.CHECKPOINT.found(f"predictions differ by {apart:.2g} after loading", apart=apart)]


def _predict(model: nn.Module, batch: Tensor) -> Tensor:
    training = model.training
    model.eval()
    with torch.no_grad():
        out = model(batch)
    model.train(training)
    return out


def rescore(reported: float, again: float, tolerance: float = 1e-6) -> list[Finding]:
    """Findings where the best file does not give its reported score again."""
    if abs(reported - again) <= tolerance * max(abs(reported), abs(again)):
        return []
    return [
        rules.NOT_EVALUATED.found(f"reported {reported:.6g}, re-scored {again:.6g}", reported=reported, again=again)
    ]


def resume_state(state: Mapping[str, object], *, scaler: bool = False) -> list[Finding]:
    """Findings where a training state lacks a part that an exact resume needs."""
    wanted = (*_STATE, "scaler") if scaler else _STATE
    missing = [name for name in wanted if name not in state]
    return [rules.RESUME.found(f"missing: {', '.join(missing)}", missing=len(missing))] if missing else []


def resumed_equal(uninterrupted: Mapping[str, Tensor], resumed: Mapping[str, Tensor]) -> list[Finding]:
    """Findings where a resumed run does not end in the weights of an uninterrupted one, bit by bit."""
    apart = [n for n, t in uninterrupted.items() if n not in resumed or not torch.equal(t, resumed[n])]
    text = f"{len(apart)} of {len(uninterrupted)} tensors differ: {some(apart, 2)}"
    return [rules.RESUME.found(text, tensors=len(apart))] if apart else []


def search(trials: Sequence[Mapping[str, object]]) -> list[Finding]:
    """Findings about a search: trials without reports, and knobs that change neither the model nor the objective.

    Args:
        trials: each with `knobs` (mapping), `objective` (float), `parameters` (int) and `reports` (int).
    """
    found = []
    silent = sum(not trial["reports"] for trial in trials)
    if silent:
        found.append(
            rules.SEARCH.found(f"{silent} of {len(trials)} trials never reported to the pruner", subject="reports")
        )
    names = sorted({name for trial in trials for name in _knobs(trial)})
    for name in names:
        text = _blind_knob(name, trials)
        if text:
            found.append(rules.SEARCH.found(text, subject=name))
    return found


def _knobs(trial: Mapping[str, object]) -> Mapping[str, object]:
    knobs = trial["knobs"]
    return knobs if isinstance(knobs, Mapping) else {}


def _blind_knob(name: str, trials: Sequence[Mapping[str, object]]) -> str:
    groups: dict[str, dict[str, tuple[object, object]]] = {}
    for trial in trials:
        rest = repr(sorted((k, v) for k, v in _knobs(trial).items() if k != name))
        groups.setdefault(rest, {})[repr(_knobs(trial).get(name))] = (trial["objective"], trial["parameters"])
    pairs = [list(group.values()) for group in groups.values() if len(group) > 1]
    if not pairs or any(len(set(values)) > 1 for values in pairs):
        return ""
    return f"{sum(map(len, pairs))} trials that differ in {name} alone have equal objectives and sizes"


def hidden_failures(errors: Sequence[float], failed: int) -> list[Finding]:
    """Findings where many samples carry the same error: a penalty stands for failures that nobody counts."""
    finite = [e for e in errors if math.isfinite(e)]
    if not finite:
        return [rules.HIDDEN_FAILURE.found(f"0 of {len(errors)} errors are finite")] if errors and not failed else []
    value, times = Counter(finite).most_common(1)[0]
    # Errors are real numbers: an exact tie of a twentieth of the samples, at least three, is a constant somebody wrote.
    if value == 0 or times < max(3, 0.05 * len(errors)) or times <= failed:
        return []
    text = f"{times} of {len(errors)} errors are exactly {value:g}; {failed} failures admitted"
    return [rules.HIDDEN_FAILURE.found(text, value=value, times=times)]


def best_file(best: float | None, exists: bool, epochs: int) -> list[Finding]:
    """Findings where a run has no finite best value, or no file for it, after its first epoch."""
    if epochs < 1 or (best is not None and math.isfinite(best) and exists):
        return []
    return [rules.NO_BEST.found(f"best {best}, file {'present' if exists else 'absent'}, after {epochs} epochs")]
