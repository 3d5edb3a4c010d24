"""Does every benchmark that README or a page names run from end to end, at its smallest size?"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from test_benchmark_lines import lines
from test_commands import ROOT
from test_large_commands import FEW

NETWORK = ROOT / "src/ris_pytorch_pipeline/localise/reference.safetensors"
SMALLEST: Mapping[str, str] = {
    "benchmarks/ablations.py": "--scenes 1 --only updates",
    "benchmarks/against_checkout.py": "--pairs 1",
    "benchmarks/array_bounds.py": "--arrays line --sources 1 --scenes 2",
    "benchmarks/beams_by_fft.py": "--side 8 --turns 1",
    "benchmarks/beams_learned.py": "--seeds 0 --scenes 4 --epochs 1 --n-train 32 --n-val 32",
    "benchmarks/ceiling.py": "--scenes 1",
    "benchmarks/compiled.py": "--parts network --turns 3",
    "benchmarks/covariances.py": "--scenes 2 --kinds pilot --sources 1 --snr-db 20",
    "benchmarks/doubt.py": "--scenes 1 --doubts 0 --figure doubt.png",
    "benchmarks/drawing_share.py": "--presets tiny --batches 4 --rounds 1",
    "benchmarks/effort.py": "--scenes 1",
    "benchmarks/existence.py": "--scenes 1",
    "benchmarks/faults": "--only simulate --kills 1 --full 1 --refused 1",
    "benchmarks/extra_sources.py": "--scenes 1",
    "benchmarks/few_measurements.py": "--scenes 1",
    "benchmarks/fewer_tried.py": "--scenes 2 --rounds 1",
    "benchmarks/finite_snapshots.py": "--scenes 2",
    "benchmarks/first_answer.py": "--rounds 1",
    "benchmarks/fuzz": "--inputs 10 --readers ledger",
    "benchmarks/fuzz/flipping.py": "--every 500 --readers ledger",
    "benchmarks/fuzz/totals.py": "",
    "benchmarks/gone.py": "--faults kill --victims 1",
    "benchmarks/gpu.py speed": "--device cpu --sizes 1",
    "benchmarks/gpu.py tests": "",
    "benchmarks/gpu.py train": "--device cpu --preset tiny --minutes 0.01 --batch 2 --scenes 4 --validate 2",
    "benchmarks/hybrid.py": "--scenes 1 --kinds pilot --sources 1 --snr-db 20",
    "benchmarks/held_out_counts.py": "--scenes 2 --presets pilot --sizes 3x8",
    "benchmarks/held_out.py": "--scenes 1 --presets pilot --kinds right --sources 1,1",
    "benchmarks/images.py": "--scenes 2 --sources 1 --snr-db 20",
    "benchmarks/impairments.py": "--scenes 2 --panels 1 --snr-db 20 --errors none --methods unaware",
    "benchmarks/kept_table.py": "--scenes 1 --antennas 4",
    "benchmarks/judged_estimators.py": "--scenes 1 --estimators omp --presets pilot --kinds right --snr-db 20",
    "benchmarks/explained_shares.py": "--scenes 2 --snr-db 20",
    "benchmarks/interval_ways.py": "--scenes 2",
    "benchmarks/interval_widths.py": "",
    "benchmarks/large_panels.py": "--side 16 --scenes 1",
    "benchmarks/learned_line.py": "--updates 1 --scenes 1",
    "benchmarks/line_peers.py": "--side 8 --points 64 --near 8 4 --turns 2",
    "benchmarks/many_scenes.py": "--scenes 8",
    "benchmarks/memory_limits.py": "--limits 1",
    "benchmarks/mixed_kinds.py": "--scenes 1",
    "benchmarks/model_fit.py": "--scenes 1 --presets pilot --kinds right --sources 1,1",
    "benchmarks/moving_source.py": "--scenes 1 --moving 1",
    "benchmarks/music_grid.py": "--scenes 1",
    "benchmarks/music_on.py": "--scenes 1",
    "benchmarks/networks.py": "",
    "benchmarks/one_scale.py": "--scenes 8 --kinds random",
    "benchmarks/order.py": "--scenes 1",
    "benchmarks/order_reliability.py": "--scenes 1 --snr-db 20",
    "benchmarks/order_threshold.py": "--scenes 1",
    "benchmarks/page_load.py": "--rounds 1",
    "benchmarks/peers.py": "",
    "benchmarks/pilot_margin.py": "--scenes 1 --sources 1 --antennas 4 --snr-db 20",
    "benchmarks/presets_beside.py": "--scenes 2 --presets pilot",
    "benchmarks/processes.py": "--rounds 1 --updates 2 --warm 1 --validation 1 --batch 8",
    "benchmarks/proposal_designs.py": "--scenes 32 --judge 2 --only map head",
    "benchmarks/proposals.py": "--scenes 1",
    "benchmarks/published_line.py": "--scenes 1",
    "benchmarks/q_intervals.py": "--scenes 1",
    "benchmarks/queue_simulation.py": "--tasks 100 --workers 2",
    "benchmarks/quiet_scenes.py": "--scenes 5",
    "benchmarks/residual_alarms.py": "--scenes 1 --presets pilot",
    "benchmarks/search_coverage.py": "--scenes 2 --sources 1 --snr-db 20",
    "benchmarks/search_ways.py": "--scenes 1",
    "benchmarks/serve_load.py": "--requests 8 --clients 2 --batches 2",
    "benchmarks/simulate.py": "--scenes 8 --chunk 4",
    "benchmarks/simulating.py": "--scenes 8 --rounds 1",
    "benchmarks/speed.py": "--scenes 1",
    "benchmarks/stated_coordinate.py": "--scenes 1",
    "benchmarks/grating_lobes.py": "--scenes 2",
    "benchmarks/still_codes.py": "--scenes 1 --antennas 4",
    "benchmarks/suite_limits.py": "",
    "benchmarks/told_band.py": "--scenes 2",
    "benchmarks/told_places.py": "--scenes 1",
    "benchmarks/trained_parts.py": "--scenes 32 --judge 2 --only none",
    "benchmarks/update_memory.py": '--rows "tiny 2"',
    "benchmarks/uncertainty.py": "--scenes 1 --kinds pilot --sources 1 --snr-db 20",
    "benchmarks/workers.py": "--scenes 4 --workers 1",
    "trainlint/benchmarks/catalogued.py": "--only frozen_but_drifting",
    "trainlint/benchmarks/check_scripts.py": "",
    "trainlint/benchmarks/log_curves.py": "20",
    "trainlint/benchmarks/log_speed.py": "1000",
    "trainlint/benchmarks/peers.py": "--every 1000 --results rows",
    "trainlint/benchmarks/strangers_mutants.py": "--presets light actor_critic",
    "trainlint/benchmarks/strangers_sound.py": "--presets light actor_critic",
    "trainlint/benchmarks/watch_cost.py": "--steps 2 --models perceptron --out cost.md",
}
"""What makes a program small, behind its own words; what these give as 0 stays so."""
SHOWN: Mapping[str, tuple[str, str]] = {
    "benchmarks/ablations.py": ("hybrid.md", "| part | value | random, K = 3, 5 dB |"),
    "benchmarks/array_bounds.py": ("arrays.md", "| array | K | within 3° |"),
    "benchmarks/beams_by_fft.py": ("hybrid.md", "| side | exact, s | fft, s |"),
    "benchmarks/beams_learned.py": ("hybrid.md", "| beams | seed | n | NMSE |"),
    "benchmarks/ceiling.py": ("hybrid.md", "| symbols | K | SNR dB | search | likelier of both |"),
    "benchmarks/covariances.py": ("hybrid.md", "| symbols | K | SNR dB | R_pred |"),
    "benchmarks/doubt.py": ("hybrid.md", "| cell | doubt | success |"),
    "benchmarks/drawing_share.py": ("training.md", "| preset | batch | whole ms |"),
    "benchmarks/fuzz": ("reliability.md", "| reader | n | refused |"),
    "benchmarks/fuzz/totals.py": ("reliability.md", "| inputs of each | readers |"),
    "benchmarks/hybrid.py": ("hybrid.md", "| symbols | K | SNR dB | network success |"),
    "benchmarks/gone.py": ("reliability.md", "| fault | in process |"),
    "benchmarks/interval_widths.py": ("hybrid.md", "| scenes | share 0.5 |"),
    "benchmarks/music_on.py": ("hybrid.md", "| MUSIC on | symbols | K |"),
    "benchmarks/q_intervals.py": ("hybrid.md", "| symbols | of | which sources | sources |"),
    "benchmarks/quiet_scenes.py": ("hybrid.md", "| symbols | -5 dB | noise alone |"),
    "benchmarks/one_scale.py": ("hybrid.md", "| symbols | way | most MB |"),
    "benchmarks/impairments.py": ("decisions/robust.md", "| symbols | errors | SNR dB | K |"),
    "benchmarks/judged_estimators.py": ("fit.md", "| estimator | preset | kind | dB | n |"),
    "benchmarks/kept_table.py": ("fit.md", "| antennas | off | of these converged |"),
    "benchmarks/published_line.py": ("arrays.md", "| symbols | method | angle: mean abs. ° |"),
    "benchmarks/stated_coordinate.py": ("fit.md", "| symbols | stated | n | right: at the edge |"),
    "benchmarks/grating_lobes.py": ("fit.md", "| symbols | K | SNR dB | n | at a lobe |"),
    "benchmarks/still_codes.py": ("fit.md", "| antennas | off | of these converged |"),
}
"""Whose table stands on a page under the head that the program prints, and where that line begins so."""
SAID: Mapping[str, str] = {
    "benchmarks/against_checkout.py": r"scenes per CPU second, one thread +this +other +ratio",
    "benchmarks/compiled.py": r"\| part \| ms as it is \| ms compiled \| times as fast \|",
    "benchmarks/effort.py": r"\| stated \| right \| scenes \|",
    "benchmarks/existence.py": r"of the network together: ",
    "benchmarks/held_out_counts.py": r"preset, snapshots x antennas +n +false",
    "benchmarks/held_out.py": r"preset, kind, rule +n +false",
    "benchmarks/images.py": r"\| all \|",
    "benchmarks/faults": r"command +kill +wrong",
    "benchmarks/explained_shares.py": r"\| kind \| symbols \| dB \| n \| explained \|",
    "benchmarks/extra_sources.py": r"\| scenes \| n \| of \| errors speak beside it \|",
    "benchmarks/fewer_tried.py": r"\| scenes \| n \| tried \| times as fast as with 8 \|",
    "benchmarks/few_measurements.py": r"pilot \d+ x \d+: ",
    "benchmarks/interval_ways.py": r"\| preset \| K \| dB \| scenes \| sources \| n \| Fisher \|",
    "benchmarks/line_peers.py": r"deterministic bound, 64 scenes +NumPy / ours \d",
    "benchmarks/finite_snapshots.py": r"azimuth / elevation RMSE over the stochastic bound: [\d.n]",
    "benchmarks/fuzz/flipping.py": r"\| reader \| bytes of the file \| flipped, by four patterns \|",
    "benchmarks/gpu.py speed": r"TFLOP/s in float32 products",
    "benchmarks/gpu.py tests": r"tests/\S+\.py \['.*(passed|skipped)",
    "benchmarks/gpu.py train": r"ms an update, \d+ scenes/s: \d+ epochs in",
    "benchmarks/large_panels.py": r"\d s a scene|\d planes; of these a direction needs \d",
    "benchmarks/learned_line.py": r"1 of 1 updates, loss \d|\| coherent \| learned \| ",
    "benchmarks/many_scenes.py": r"locate +8: +\d+ MB",
    "benchmarks/memory_limits.py": r"\| limits, MB \| n \| as wanted \|",
    "benchmarks/mixed_kinds.py": r"\| case \| off \| said \| converged \|",
    "benchmarks/model_fit.py": r"preset, kind, dB +n +alarm +auto|\| kind \| symbols \| (dB \| K|n) \|",
    "benchmarks/moving_source.py": r"moves \d+ degrees, \d+ dB, n = 1: orders",
    "benchmarks/first_answer.py": r"\| the first located source \| 1 \| \d+ s ",
    "benchmarks/music_grid.py": r"largest difference of the spectra \d",
    "benchmarks/networks.py": r"\d+ weights, loss \S+, NMSE |one scene: search \d+ ms, with its fit ",
    "benchmarks/order.py": r"\| symbols \| SNR dB \| network alone \|",
    "benchmarks/order_threshold.py": r"median / 95 % / 99 % \S+ / ",
    "benchmarks/order_reliability.py": r"with the likelihood: expected calibration error \d",
    "benchmarks/page_load.py": r"medians of 1: load event \d+\.\d\d s, first chart \d",
    "benchmarks/pilot_margin.py": r"\| K \| antennas \| SNR dB \| ms, ",
    "benchmarks/peers.py": r"acoular / ours \d|acoular is not installed",
    "benchmarks/presets_beside.py": r"\| preset \| dB \| n \| side \| success \|",
    "benchmarks/processes.py": r"\d processes against one, tiny, batches of 8: x \d",
    "benchmarks/proposal_designs.py": r"(?m)^design .*, symbols pilot, seed \d, |\| design \| symbols \| weights \|",
    "benchmarks/proposals.py": r"\| symbols \| K \| SNR dB \| \(u, w\) \|",
    "benchmarks/queue_simulation.py": r"\| workers \| seconds \| tasks/s \| busy \| done again \|",
    "benchmarks/residual_alarms.py": r"\| preset \| search \| seed, n \| p < 0\.01 \| p < 0\.05 \| misfits",
    "benchmarks/search_coverage.py": r"\| preset \| K \| dB \| scenes \| sources found \| Fisher \|",
    "benchmarks/search_ways.py": r"\| (symbols \| K|K \| SNR dB) \| way \||\| part \| random, K = 3 \|",
    "benchmarks/serve_load.py": r"\| batch \| clients \| n \| per s \| p50 s \| p99 s \|",
    "benchmarks/simulate.py": r"8 scenes of preset \w+ in \d",
    "benchmarks/speed.py": r"scenes/s, plain NumPy +\d+\.\d\d scenes/s, ratio",
    "benchmarks/suite_limits.py": r"\d+ of 480 figures are above their limit",
    "benchmarks/told_band.py": r"\| scenes \| seed \| n \| of these \| said now \|",
    "benchmarks/told_places.py": r"\| places of \| n \| false a scene \| missed \|",
    "benchmarks/trained_parts.py": r"part none, value , seed 0, updates \d|\| scenes seen \| seeds \|",
    "benchmarks/update_memory.py": r"\| network \| batch \| part \|",
    "benchmarks/uncertainty.py": r"\| symbols \| K \| SNR dB \| method \| sources \|",
    "benchmarks/simulating.py": r"round 1, scenes/s: one process \d+; two workers of Dask",
    "benchmarks/workers.py": r"simulate .* s  same bytes",
    "trainlint/benchmarks/catalogued.py": r"\| kind \| script \| in a source \| said \| result \|",
    "trainlint/benchmarks/check_scripts.py": r"\| script \| kind \| finding \| at the marked line \|",
    "trainlint/benchmarks/log_curves.py": r"over-fitting: \d of 2 missed, \d named RT230 first",
    "trainlint/benchmarks/log_speed.py": r"us a line  growth \d",
    "trainlint/benchmarks/strangers_mutants.py": r"\| accident \| mutants \| named \| a note \|",
    "trainlint/benchmarks/strangers_sound.py": r"light: \d+ sound programs: ",
    "trainlint/benchmarks/watch_cost.py": r"\| .+ ms \| 2 \| [+-]\d",
}
"""What the others print: the head of their table, or a phrase of each of their lines."""
LEFT = {"trainlint/benchmarks/peers.py": "rows/trainlint_check_broken.jsonl"}
"""What those leave that print nothing."""
ELSEWHERE = {"trainlint/benchmarks/evidence.py": "trainlint/tests/failures/test_evidence.py"}
"""Programs that another test runs."""
GIVEN = {"../older": str(ROOT), "FILE": str(NETWORK), "kept/hard/best.safetensors": str(NETWORK), "NAMES": "ledger",
         "runs/robust/best.safetensors": str(NETWORK), "python": sys.executable,
         "results/measured/fit/still-codes.csv": "still-codes.csv"}  # fmt: skip
"""What stands for a thing of the reader's own, and for a file that a line writes."""
PAGES, RIVAL = {"runs/demo/report.html", "runs/page/report.html"}, "runs/rival.safetensors"
"""What other commands of the pages leave, and two benchmarks ask for."""


def every_line() -> list[str]:
    """The lines of both packages' pages, from the root of the repository."""
    other = [ROOT / "trainlint/README.md", *sorted((ROOT / "trainlint/docs").rglob("*.md"))]
    return [*lines(), *(f"trainlint/{line}" for line in lines(other))]


def program_of(line: str) -> tuple[str, list[str]]:
    """Its key of `SMALLEST`, and its words."""
    program, *words = shlex.split(line)
    return f"{program} {words[0]}" if program == "benchmarks/gpu.py" else program, words


def smaller(key: str, words: Sequence[str]) -> list[str]:
    """The words of a line with those that make its program small; a kept file to which rows are added is a copy."""
    none = {option for option, value in pairwise(words) if value == "0"}
    options = [part for part in re.split(r" (?=--)", SMALLEST[key]) if part.split(" ")[0] not in none]
    own = [GIVEN.get(word, str(ROOT / word) if (ROOT / word).is_file() else word) for word in words]
    for at, (option, word) in enumerate(pairwise(own), start=1):
        if option == "--out" and Path(word).is_file():
            own[at] = str(shutil.copy(word, Path.cwd()))
    return [*own, *(word for option in options for word in shlex.split(option))]


def call(*words: str) -> str:
    """What a program prints that ends well; one thread, in this folder."""
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, timeout=900, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-2000:]
    return done.stdout


def head(key: str) -> str:
    """The head of a program's table as its page shows it."""
    page, begin = SHOWN[key]
    heads = {line for line in (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines() if line.startswith(begin)}
    assert len(heads) == 1, f"wanted one head of a table that begins with {begin} in {page}, came {len(heads)}"
    return heads.pop()


def test_every_program_that_a_page_names_has_a_smallest_size() -> None:
    assert {program_of(line)[0] for line in every_line()} == SMALLEST.keys() | ELSEWHERE.keys()


def test_it_is_written_down_once_what_each_of_them_prints() -> None:
    assert sorted([*SHOWN, *SAID, *LEFT]) == sorted(SMALLEST)
    assert all(map(head, SHOWN))


@pytest.mark.stress
@pytest.mark.parametrize("line", [line for line in every_line() if program_of(line)[0] not in ELSEWHERE])
def test_a_benchmark_that_a_page_names_runs(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    key, words = program_of(line)
    program = str(ROOT / key.split()[0])
    for page in PAGES.intersection(words):
        Path(page).parent.mkdir(parents=True)
        Path("few.toml").write_text(FEW, encoding="utf-8")
        call("-m", "ris_pytorch_pipeline", "bench", "few.toml", "--out", "runs/few")
        call("-m", "ris_pytorch_pipeline", "report", "runs/few", "--page", page)
    if {"compare", RIVAL} <= {*words}:
        call(program, "train", *smaller(key, [RIVAL]))
    told = call(program, *smaller(key, words))
    if key in LEFT:
        assert Path(LEFT[key]).read_text(encoding="utf-8")
    else:
        assert head(key) in told.splitlines() if key in SHOWN else re.search(SAID[key], told), told[-2000:]
