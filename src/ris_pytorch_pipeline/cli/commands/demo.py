"""`ris demo`: train a small network, locate unseen scenes with it, compare it with the others, write one page."""

import argparse
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from trainlint import Preflight, TrainingFault, diagnose_path

from ...bench import DOUBT, Drawer, findings_of
from ...data import load_scenes, save_scenes
from ...data.behind import shown_behind
from ...errors import InfeasibleError
from ...experiment import Experiment, TrainingExperiment
from ...files import is_there, make_folder, stopping
from ...localise import Localiser
from ...report import RunShown, run_report
from ...report.pages.explorer import Most
from ...train import Parts, Reporter, Trained, Trainer, load_network
from ...train.files.folder import BEST, LAST
from ...train.watching.speech import Speech
from ..forms.evaluation import Evaluated, Evaluation, captions, covariance_lines, keep_evaluated
from ..forms.kept_evaluation import FOLDER
from ..forms.shown_run import commands_of, run_at
from ..memory import require_compared
from ..options.model import checkpoint_at, network_at
from ..options.own_panel import parts_behind
from ..options.scenes.hardware import behind_of, calibration_name, drawn_behind, hardware_for, hardware_of
from ..options.training_experiment import training_of
from ..showing.cells import print_cells
from ..showing.figures import save_text
from ..showing.output import Bar
from ..showing.preflight_shown import show_counted
from ..training_memory import require_batch, require_update
from .evaluate import evaluate_into, usual_methods
from .locate import print_finding
from .train import check_alone, stop

_SOURCES, _SNR_DB = 3, 10.0
"""Of the scene that is drawn."""
_TITLE = "Several sources behind a reconfigurable surface: a hybrid, trained and compared"


def run(arguments: argparse.Namespace) -> int:
    """Run the whole demonstration into a folder.

    Returns:
        The exit code: 0 for a healthy training, 1 otherwise.
    """
    from ...report import report_page  # needs the extra, which is missed before anything is trained

    check_alone("demo")
    begin = time.monotonic()
    folder: Path = arguments.out
    if arguments.model is None:
        experiment = training_of(arguments)
        _checked(experiment, arguments.scenes)  # refuses what it cannot show before anything is trained
        require_batch(experiment)
        parts = parts_behind(arguments, experiment, folder / "run")
        quiet = Trainer(experiment, reporter=Reporter(quiet=True), parts=parts)
        require_update(quiet, checked=not is_there(folder / "run" / LAST))
        make_folder(folder)
        try:
            train(experiment, folder / "run", parts)
        except (TrainingFault, InfeasibleError) as error:
            return stop(str(error))
        trained, verdict, run = load_network(folder / "run" / BEST), diagnose_path(folder / "run"), folder / "run"
    else:
        trained, verdict, run = network_at(arguments.model), None, arguments.model
        _checked(trained.experiment, arguments.scenes)
        hardware_for(arguments, trained.experiment)  # refused before anything is written
        make_folder(folder)
    kept = (folder if verdict is None else run) / FOLDER
    drawer = drawn_behind(hardware_of(arguments), told=True)
    plan = unseen(trained.experiment, arguments.scenes, calibration_name(arguments.calibration))
    _compare(trained, plan, kept, drawer)
    _locate_one(trained, folder / "scene.safetensors", drawer, behind_of(arguments))
    shown = _shown(folder, run, kept, trained, time.monotonic() - begin, arguments.calibration)
    save_text(report_page([run_report(shown)], _TITLE), folder / "report.html")
    if verdict is not None:
        print(verdict)
    print(f"the report is {folder / 'report.html'}; the network is {checkpoint_at(run)}")
    return 0 if verdict is None or verdict.healthy else 1


def _checked(experiment: TrainingExperiment, scenes: int) -> None:
    """Refuse unseen scenes that are none, or whose scores fit in no memory.

    Raises:
        ConfigurationError: fewer than one.
        InfeasibleError: too many.
    """
    plan = unseen(experiment, scenes)
    require_compared(plan.scenario, plan.sources, plan.scenes, len(plan.methods))


def _compare(trained: Trained, plan: Evaluation, folder: Path, drawer: Drawer) -> None:
    """Evaluate, print the table, and keep it."""
    found = Evaluated()
    evaluate_into(found, trained, plan, drawer)
    print_cells(found.cells, *captions(trained, plan))
    print("\n".join(covariance_lines(found)))
    keep_evaluated(folder, trained, plan, found, drawer)


def _shown(folder: Path, run: Path, kept: Path, trained: Trained, seconds: float, calibration: Path | None) -> RunShown:
    """What the page shows: the run as `ris report` has it, and how to go on from here."""
    own = run_at(run, folder.resolve().name, Most(), model=checkpoint_at(run), kept=kept)
    located = f"ris locate {folder / 'scene.safetensors'} --model {run} --plot scene.png"
    facts = [("made by", f"ris demo, in {seconds:.0f} s")]
    if not own.events:
        facts += [(name, str(value)) for name, value in trained.header.identity.items()]
    then = commands_of(run, trained_here=bool(own.events), calibration=calibration)
    return replace(own, facts=facts, commands=(located, *then))


def train(experiment: TrainingExperiment, folder: Path, parts: Parts) -> None:
    """Check and train, or go on where an earlier demonstration was interrupted.

    Raises:
        ConfigurationError: an earlier demonstration of another experiment.
        InfeasibleError: a check failed, or the weights did not move.
        TrainingFault: a fatal finding.
    """
    resume = is_there(folder / LAST)
    if resume:
        print(f"going on with the training in {folder}; remove {folder.parent} to start anew")
    with Bar("training") as bar, stopping() as asked:
        reporter = Reporter(_epochs_alone, progress=bar)
        trainer = Trainer(experiment, directory=folder, reporter=reporter, parts=parts, stop=asked)
        if not resume:
            checked = Preflight(lines=trainer.preflight())
            show_counted(checked)
            if not checked.passed:
                raise InfeasibleError(
                    "a training that passes its checks", "one that does not", "see the findings", "mend what they name"
                )
        trainer.fit(resume=resume)


def _epochs_alone(line: str) -> None:
    """Print what an epoch came to; the ledger has the rest."""
    if line.startswith(("[DATA]", "[NOTE]", "Epoch", "[SKIP]", "[STOP]", "[VERDICT]")):
        Speech()(line)


def unseen(experiment: TrainingExperiment, scenes: int, calibration: str | None = None) -> Evaluation:
    """Scenes like those of the training, from streams that it never draws from."""
    scenario = experiment.scenario
    return Evaluation(
        scenario=scenario,
        methods=usual_methods(scenario),
        sources=(scenario.sources,),
        snr_db=(scenario.snr_db,),
        scenes=scenes,
        seed=experiment.seed,
        known_order=True,
        polish=10,
        calibration=calibration,
    )


def _locate_one(trained: Trained, path: Path, drawer: Drawer, behind: Mapping[str, Any] | None) -> None:
    """Draw one more scene into a file, locate it as `ris locate --model --sources K` does, and print what was found."""
    scenario = trained.experiment.scenario
    sources = min(_SOURCES, trained.net.config.most_sources)
    one = replace(scenario, sources=sources, snr_db=_SNR_DB)
    scenes = drawer(one, 1, trained.experiment.seed, 0)
    config = Experiment(seed=trained.experiment.seed, scenes=1, scenario=one).to_plain()
    config |= {} if behind is None else {"behind": dict(behind)}
    note = f"simulated{shown_behind(behind)}"
    save_scenes(path, scenes.observation, scenes.truth, config=config, note=note, overwrite=True)
    file = load_scenes(path)
    localiser = Localiser(trained.net, doubt=DOUBT)
    print_finding(findings_of(file, localiser(file.observation, sources), [0])[0], localiser.name)
