"""What is shown of a training? Its ledger, its verdict, and its network on the scenes that an evaluation kept."""

from pathlib import Path

from trainlint.errors import ExplainedError

from trainlint import Verdict, diagnose_path

from ...files import is_there
from ...report import EvaluationShown, RunShown
from ...report.pages.explorer import Most
from ...train import Trained, load_network, read_ledger, standing
from ...train.files.folder import BEST, LEDGER
from .kept_evaluation import FOLDER, KeptEvaluation, read_evaluation
from .shown_scenes import explorer_of, held_by, located_again


def run_at(
    folder: Path, name: str, most: Most, *, model: Path | None = None, kept: Path | None = None
) -> RunShown:  # fmt: skip
    """What is known of the training in a folder.

    Args:
        folder: of the run.
        name: of it on the page.
        most: of its scenes on the page.
        model: checkpoint of the network; None is the best one of the run.
        kept: folder of the evaluation; None is the run's own.

    Raises:
        InputError: a ledger, or an evaluation, that cannot be read.
    """
    events = standing(read_ledger(folder / LEDGER)) if is_there(folder / LEDGER) else []
    place = folder / FOLDER if kept is None else kept
    evaluation = read_evaluation(place)
    verdict, unjudged = _verdict(folder) if events else (None, "")
    return RunShown(
        name=name,
        events=events,
        verdict=verdict,
        unjudged=unjudged,
        evaluation=None if evaluation is None else evaluation_shown(
            place, evaluation, folder / BEST if model is None else model, most),
        unevaluated=f"Not evaluated. `ris evaluate {folder}` compares the network with others on unseen scenes.",
        commands=(*commands_of(folder), f"ris locate FILE --model {folder}") if events else (),
    )  # fmt: skip


def commands_of(run: Path, *, trained_here: bool = True, calibration: Path | None = None) -> tuple[str, ...]:
    """What a user does next with a network.

    Args:
        run: folder of its training, or what else names it.
        trained_here: whether there is a ledger to diagnose.
        calibration: of the panel that its scenes were drawn behind; None is a nominal one.
    """
    behind = "" if calibration is None else f" --calibration {calibration}"
    diagnosed = (f"ris diagnose {run}",) if trained_here else ()
    return (f"ris evaluate {run} --sources 1,2,3 --snr-db 5,10,20{behind}", *diagnosed)


def evaluation_shown(folder: Path, kept: KeptEvaluation, model: Path, most: Most) -> EvaluationShown:
    """What a page shows of an evaluation; without the network, its numbers alone.

    Args:
        folder: of the evaluation.
        kept: in it.
        model: checkpoint of the network.
        most: of its scenes on the page.
    """
    words = list(kept.words)
    try:
        trained = load_network(model)
        looked = located_again(folder, kept, trained)
        scenes = explorer_of(looked, trained, most)
    except ExplainedError as error:
        return EvaluationShown(rows=kept.rows, words=[*words, f"Its scenes are not shown: {error}"])
    return EvaluationShown(rows=kept.rows, words=[*words, *_newer(kept, trained)], held=held_by(looked), scenes=scenes)


def _newer(kept: KeptEvaluation, trained: Trained) -> list[str]:
    header = trained.header
    if (header.identity["run"], header.progress["updates"]) == (kept.run, kept.updates):
        return []
    return [
        f"The network was evaluated after {kept.updates} updates and is now at {header.progress['updates']}: evaluate "
        "it again. Stated errors and scenes below are of the network as it is now."
    ]


def _verdict(folder: Path) -> tuple[Verdict | None, str]:
    """The verdict on a run, or why there is none."""
    try:
        return diagnose_path(folder / LEDGER), ""
    except ExplainedError as error:
        return None, str(error)
