"""What do the kept results of the long benchmarks amount to: strangers' programs, their mutants, and the peers?

evidence.py prints these sections; python benchmarks/evidence_strangers.py prints them alone.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import kept
import strangers_mutants
import strangers_sound

Rows = Mapping[str, dict[str, Any]]

_GENERAL = {"RT212", "RT214", "RT217", "RT219", "RT230", "RT251"}
REASONS = {
    "the task is another one, and it is learned as well as any": (
        *("dqn__min_not_max", "dqn__reward_negated", "dqn__next_is_current", "dqn__done_ignored"),
        *("dqn__actions_shuffled", "lora_finetune__labels_source_task", "segmentation__masks_transposed"),
        *("segmentation__rim_as_class", "image_classifier__augment_destroys"),
    ),
    "the loss is another one, which somebody else may want": (
        *("simclr__collapse_loss", "simclr__not_normalised", "simclr__self_not_masked", "vae__kl_mean"),
        *("vae__no_noise", "vae__beta_stuck_zero"),
    ),
    "done on purpose it looks the same": (
        *("multitask_uncertainty__task_detached", "rnn_tbptt__state_dropped", "dqn__target_never_synced"),
    ),
    "training on all data at once looks the same": ("multitask_uncertainty__same_batch", "rnn_tbptt__same_chunk"),
    "two splits are compared by a check that one has to call (RT401)": ("char_transformer__val_is_train",),
    "a note says which part is frozen, and not whether it is meant": (
        *("multitask_uncertainty__head_frozen", "segmentation__part_frozen", "simclr__encoder_frozen"),
        *("simclr__no_grad_encoder", "lora_finetune__frozen_after_wrap"),
    ),
}
"""Why nobody can see a mutant from its run and its source alone."""


def main() -> None:
    """Print all sections."""
    sound()
    with tempfile.TemporaryDirectory() as folder:
        rows = strangers_mutants.make(folder)
    mutants(rows)
    peers(rows)


def sound() -> None:
    """Sound programs under `trainlint run`."""
    bare = kept.load("sound_unwatched")
    presets = {
        preset: rows for preset, name in (("light", "sound"), ("full", "sound_full")) if (rows := kept.load(name))
    }
    print("\n## Sound programs of strangers\n")
    print("`python benchmarks/strangers_sound.py --presets light,full --results benchmarks/results`: `trainlint run`")
    print("with the source, on programs of as many kinds, written by somebody who had not read the rules. At first")
    print("sight 2 of 83 had an alarm (RT220 for targets of which 3 % lie outside what tanh gives, now a note; RT106")
    print("for the schedule of a second model, which now has a watch of its own), none a fatal one. After tuning by")
    print("kind:\n")
    for preset, rows in presets.items():
        print(
            f"- preset {preset}: {strangers_sound.counts(list(rows.values()))}; {strangers_sound.compared(rows, bare)}."
        )
    blind = [name for name, row in presets.get("light", {}).items() if row["state"] == "Not judged"]
    if blind:
        print(
            f"\nNot judged, since no loss of theirs goes backward through an optimiser's weights: {', '.join(blind)}."
        )


def mutants(rows: list[dict[str, Any]]) -> None:
    """Mutants at first sight and after tuning, and what is not named.

    Args:
        rows: of the mutants.
    """
    first, now = kept.load("mutants_first_sight"), kept.load("mutants")
    rows = [row for row in rows if row["name"] in now]
    before = sum(bool(first[row["name"]]["codes"]) for row in rows if row["name"] in first)
    print("\n## Mutants of strangers' programs\n")
    print("`python benchmarks/strangers_mutants.py --presets light,full --results benchmarks/results`: 266 copies of")
    print("twelve sound programs with one accident each, of 29 kinds, under `trainlint run` with the source. A mutant")
    print("is named where a finding worse than a note is made; its sound original has none. The table is of `light`.")
    print(f"At first sight {before} of {len(rows)} were named. After tuning by kind on what that look showed:")
    strangers_mutants.table(rows, dict(now))
    full = [row for row in kept.load("mutants_full").values() if row["codes"]]
    if full:
        print(f"With the preset full {len(full)} of {len(rows)} are named.")
    general = [row["name"] for row in rows if now[row["name"]]["codes"] and set(now[row["name"]]["codes"]) <= _GENERAL]
    print(
        f"\nOf the named ones {len(general)} are named by RT219 or its like alone: that nothing is learned, and not why"
    )
    print(f"({', '.join(general)}).")
    _unseen(rows, now)


def _unseen(rows: list[dict[str, Any]], now: Rows) -> None:
    left = {row["name"]: row["wrong"] for row in rows if not now[row["name"]]["codes"]}
    print("\n### What is not named, and why\n\n| mutants | why |\n|---|---|")
    for reason, names in REASONS.items():
        those = [name for name in names if name in left]
        if those:
            print(f"| {', '.join(those)} | {reason} |")
    rest = set(left) - {name for names in REASONS.values() for name in names}
    if rest:
        print(f"| {', '.join(sorted(rest))} | missed |")


def peers(rows: list[dict[str, Any]]) -> None:
    """The same programs under the peers.

    Args:
        rows: of the mutants.
    """
    print("\n## Peers on the same programs\n")
    print(
        "`python benchmarks/peers.py` in an environment with torch-audit, torch-preflight and trainproof. A mutant is"
    )
    print("told apart where a tool says of it what it does not say of the sound original.\n")
    ours, theirs = kept.load("mutants"), kept.load("torch_audit_mutants")
    chosen = [row["name"] for row in rows if row["name"] in theirs and row["name"] in ours]
    our_sound, their_sound = kept.load("sound"), kept.load("torch_audit_sound")
    programs = [name for name in their_sound if name in our_sound]
    if chosen and programs:
        print("| at run time | sound programs with an alarm | mutants with an alarm | told apart |\n|---|---|---|---|")
        for name, said, of_sound in (
            ("trainlint run", ours, our_sound), ("torch-audit", theirs, their_sound)
        ):  # fmt: skip
            alarms = sum(bool(of_sound[p]["codes"]) for p in programs)
            named = sum(bool(said[m]["codes"]) for m in chosen)
            apart = sum(_apart(said[m], of_sound.get(m.split("__")[0])) for m in chosen)
            total = len(chosen)
            print(f"| {name} | {alarms} of {len(programs)} | {named} of {total} | {apart} of {total} |")
    _table(
        "in the source", {"trainlint check": "trainlint_check", "torch-preflight": "torch_preflight"}, bool, "script"
    )
    _table(
        "in logs", {"trainlint log": "trainlint_log", "trainproof": "trainproof"}, lambda said: said == "alarm", "log"
    )
    blind = {
        name: Counter(row["said"] for row in _said(name).values())["not judged"] for name in ("trainproof_broken",)
    }
    if any(blind.values()):
        print(f"\nOf the broken logs trainproof could not read {blind['trainproof_broken']}.")


def _apart(mutant: dict[str, Any], parent: dict[str, Any] | None) -> bool:
    return bool(set(mutant["codes"]) - set(parent["codes"] if parent else ()))


def _said(name: str) -> Rows:
    return kept.load(name)


def _table(title: str, tools: Mapping[str, str], alarmed: Callable[[Any], bool], what: str) -> None:
    found = {tool: (_said(f"{file}_broken"), _said(f"{file}_sound")) for tool, file in tools.items()}
    if not all(broken and good for broken, good in found.values()):
        return
    print(f"\n| {title} | broken {what}s with an alarm | sound {what}s with one |\n|---|---|---|")
    for tool, (broken, good) in found.items():
        told = [f"{sum(alarmed(r['said']) for r in rows.values())} of {len(rows)}" for rows in (broken, good)]
        print(f"| {tool} | {told[0]} | {told[1]} |")


if __name__ == "__main__":
    main()
