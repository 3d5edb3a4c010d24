"""`ris demo`: train a small network, locate unseen scenes with it, compare it with the others, write one page."""

import argparse
import time
from dataclasses import replace
from pathlib import Path

from matplotlib.figure import Figure

from trainlint import Preflight, TrainingFault, diagnose_path, show_preflight

from ...bench import DOUBT, cell_scenes, findings_of
from ...covariance import music
from ...data import SceneFile, load_scenes, save_scenes
from ...errors import InfeasibleError
from ...estimate import Estimate, search_grid
from ...experiment import Experiment, TrainingExperiment
from ...files import is_there, make_folder, stopping
from ...localise import Localiser
from ...physics import steering_at
from ...report import spectrum_figure
from ...train import Reporter, Trained, Trainer, load_network
from ...train.files.folder import BEST, LAST
from ...train.watching.speech import Speech
from ..forms.demo_page import Demonstration, Pictured, demo_page
from ..options.model import checkpoint_at, network_at
from ..options.training_experiment import training_of
from ..showing.cells import print_cells
from ..showing.figures import save_text
from ..showing.output import Bar
from .evaluate import Evaluated, Evaluation, caption, covariance_lines, evaluate_into, usual_methods
from .locate import print_finding
from .train import check_alone, stop

_SOURCES, _SNR_DB = 3, 10.0
"""Of the scene that is drawn."""


def run(arguments: argparse.Namespace) -> int:
    """Run the whole demonstration into a folder.

    Returns:
        The exit code: 0 for a healthy training, 1 otherwise.
    """
    check_alone("demo")
    begin = time.monotonic()
    folder: Path = arguments.out
    if arguments.model is None:
        experiment = training_of(arguments)
        unseen(experiment, arguments.scenes)  # refuses what it cannot show before anything is trained
        make_folder(folder)
        try:
            train(experiment, folder / "run")
        except (TrainingFault, InfeasibleError) as error:
            return stop(str(error))
        trained, verdict, run = load_network(folder / "run" / BEST), diagnose_path(folder / "run"), folder / "run"
    else:
        trained, verdict, run = network_at(arguments.model), None, arguments.model
        make_folder(folder)
    plan = unseen(trained.experiment, arguments.scenes)
    found = Evaluated()
    evaluate_into(found, trained, plan)
    print_cells(found.cells, caption(trained, plan))
    print("\n".join(covariance_lines(found)))
    pictured = picture_of(trained, folder / "scene.safetensors")
    shown = Demonstration(
        trained=trained, folder=folder, run=run, verdict=verdict, plan=plan, found=found, pictured=pictured,
        seconds=time.monotonic() - begin,
    )  # fmt: skip
    save_text(demo_page(shown), folder / "report.html")
    if verdict is not None:
        print(verdict)
    print(f"the report is {folder / 'report.html'}; the network is {checkpoint_at(run)}")
    return 0 if verdict is None or verdict.healthy else 1


def train(experiment: TrainingExperiment, folder: Path) -> None:
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
        trainer = Trainer(experiment, directory=folder, reporter=Reporter(_epochs_alone, progress=bar), stop=asked)
        if not resume:
            checked = Preflight(lines=trainer.preflight())
            print(f"preflight: {sum(line.passed for line in checked.lines)} of {len(checked.lines)} checks passed")
            if not checked.passed:
                show_preflight(checked)
                raise InfeasibleError(
                    "a training that passes its checks", "one that does not", "see the findings", "mend what they name"
                )
        trainer.fit(resume=resume)


def _epochs_alone(line: str) -> None:
    """Print what an epoch came to; the ledger has the rest."""
    if line.startswith(("[DATA]", "[NOTE]", "Epoch", "[SKIP]", "[STOP]", "[VERDICT]")):
        Speech()(line)


def unseen(experiment: TrainingExperiment, scenes: int) -> Evaluation:
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
    )


def picture_of(trained: Trained, path: Path) -> Pictured:
    """Draw one more scene into a file, locate it as `ris locate --model --sources K` does, and print what was found."""
    scenario = trained.experiment.scenario
    sources = min(_SOURCES, trained.net.config.most_sources)
    one = replace(scenario, sources=sources, snr_db=_SNR_DB)
    scenes = cell_scenes(one, 1, trained.experiment.seed)
    config = Experiment(seed=trained.experiment.seed, scenes=1, scenario=one).to_plain()
    save_scenes(path, scenes.observation, scenes.truth, config=config, note="simulated", overwrite=True)
    file = load_scenes(path)
    localiser = Localiser(trained.net, doubt=DOUBT)
    estimate = localiser(file.observation, sources)
    print_finding(findings_of(file, estimate, [0])[0], localiser.name)
    return Pictured(file=file, estimate=estimate, spectrum=spectrum_of(localiser, file, estimate))


def spectrum_of(localiser: Localiser, file: SceneFile, found: Estimate) -> Figure:
    """The MUSIC spectrum of R_pred of the first scene, in dB."""
    net, scene = localiser.net, file.observation
    grid = search_grid(net.config.region, scene.array, oversampling=4)
    sources = int(found.order[0])
    basis = localiser.predict(scene).covariance.eigenpairs().vectors[..., :sources]
    vectors = steering_at(grid.points(), scene.array)
    values = -10 * music(basis, vectors.to(basis.dtype))[0].clamp_min(1e-12).log10()
    true = None if file.truth is None else file.truth.positions[0].double()
    return spectrum_figure(grid, values, quantity="MUSIC on R_pred (dB)", true=true, found=found.positions[0])
