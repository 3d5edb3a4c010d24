"""What does the report of `ris demo` say? What was trained, how it compares, one scene, the verdict: on one page."""

from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from trainlint import Verdict

from ...bench import Cell
from ...data import SceneFile
from ...estimate import Estimate
from ...report import heading, page, paragraph, picture, table, training_figure, verbatim
from ...train import Trained, read_ledger, standing
from ...train.files.folder import LEDGER
from ..commands.evaluate import Evaluated, Evaluation, caption, covariance_lines
from ..showing.cells import COLUMNS, alarms, cell_row
from ..showing.figures import scene_figure


@dataclass(frozen=True, kw_only=True)
class Pictured:
    """One unseen scene, and what the network makes of it.

    Args:
        file: the scene.
        estimate: of its sources.
        spectrum: MUSIC on R_pred.
    """

    file: SceneFile
    estimate: Estimate
    spectrum: Figure


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """Everything the page is made of.

    Args:
        trained: the network.
        folder: of the demonstration.
        run: folder of its training, or what else names the network.
        verdict: on its training; None of a network that was not trained here.
        plan: which unseen scenes it was tried on.
        found: how it did there.
        pictured: one scene more.
        seconds: that all of it took.
    """

    trained: Trained
    folder: Path
    run: Path
    verdict: Verdict | None
    plan: Evaluation
    found: Evaluated
    pictured: Pictured
    seconds: float


def demo_page(shown: Demonstration) -> str:
    """The HTML document."""
    return page(
        "Several sources behind a reconfigurable surface: a hybrid, trained and compared",
        [
            paragraph(summary(shown)),
            *_comparison(shown),
            *([] if shown.verdict is None else training_section(shown.run, str(shown.verdict))),
            *_scene(shown),
            *_origin(shown),
        ],
    )


def summary(shown: Demonstration) -> str:
    """What came out, in a few sentences."""
    cells = {cell.method: cell for cell in shown.found.cells}
    (error,) = shown.found.covariance.values()
    shares = ", ".join(f"{name} {_share(cells[name])}" for name in cells)
    return (
        f"A network of {sum(p.numel() for p in shown.trained.net.parameters())} weights was trained on "
        f"{shown.trained.header.progress['samples']} simulated scenes and then tried on {error.n} that it had never "
        f"seen. Share of scenes in which every source was found within 3°: {shares}. "
        f"The NMSE of the predicted panel covariance is {error.predicted.value:.3f}, that of the back-projected one "
        f"{error.sampled.value:.2f}."
    ) + ("" if shown.verdict is None else f" The training is {shown.verdict.state}.")


def _share(cell: Cell) -> str:
    return f"{cell.success.value:.3f}"


def _comparison(shown: Demonstration) -> list[str]:
    rows = [cell_row(cell) for cell in shown.found.cells]
    return [
        heading("On the same unseen scenes"),
        table(COLUMNS, rows, caption(shown.trained, shown.plan)),
        *(paragraph(line) for line in covariance_lines(shown.found) + alarms(shown.found.cells)),
        paragraph(
            "hybrid: the network's candidates, polished by 10 updates of the coded likelihood. hybrid-search: the "
            "same, with a search by the likelihood in scenes that the network doubts. hybrid-raw: without the polish. "
            "music-pred, mvdr-pred: spectra of R_pred. sml: coded maximum likelihood with its own search. bp-music: "
            "MUSIC on the back-projected covariance. genie: the likelihood started at the truth. Errors are of the "
            "sources in successful scenes, over the Cramér-Rao bound (CRB) of the same sources; brackets are 95 % "
            "intervals: Wilson's for success, BCa bootstrap for the rest."
        ),
    ]


def training_section(run: Path, verdict: str) -> list[str]:
    """Curves of the updates and epochs that stand, and the verdict.

    Args:
        run: folder of the training.
        verdict: on it.
    """
    events = standing(read_ledger(run / LEDGER))
    epochs, updates = ([e for e in events if e["event"] == kind] for kind in ("epoch", "update"))
    text = f"{len(updates)} attempted updates in {len(epochs)} epochs; validation on scenes of their own"
    return [heading("The training"), picture(training_figure(epochs, updates), text), verbatim(verdict)]


def _scene(shown: Demonstration) -> list[str]:
    one = shown.pictured
    return [
        heading("One scene"),
        picture(scene_figure(one.file, one.estimate), "True and found sources of one unseen scene, in metres"),
        picture(one.spectrum, "MUSIC on the predicted covariance of the same scene"),
    ]


def _origin(shown: Demonstration) -> list[str]:
    facts = "\n".join(f"{name}: {value}" for name, value in shown.trained.header.identity.items())
    more = "" if shown.verdict is None else f"\nris diagnose {shown.run}"
    return [
        heading("Made by"),
        paragraph(f"ris demo, in {shown.seconds:.0f} s. Go on from here:"),
        verbatim(
            f"ris locate {shown.folder / 'scene.safetensors'} --model {shown.run} --plot scene.png\n"
            f"ris evaluate {shown.run} --sources 1,2,3 --snr-db 5,10,20{more}"
        ),
        verbatim(facts),
    ]
