"""The handbook `docs/rules.md` and its pages, written from the rules so that they cannot drift."""

from trainlint.findings import Rule
from trainlint.rules import RULES
from trainlint.rules.pages import PAGES

from .examples import EXAMPLES, SCRIPT, SOUND, WITHOUT

_HEAD = """# Diagnosing a training

This page and those it leads to are generated from the rules of `trainlint`; do not edit them by hand.
`trainlint explain RT101` prints a rule without a network.

```python
from statistics import fmean

from trainlint import Watch

with Watch(model, optimizer, scheduler) as watch:
    for epoch in range(epochs):
        losses = []
        for x, y in loader:
            optimizer.zero_grad()
            loss = watch.loss(criterion(model(x), y))
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
        watch.epoch(train=fmean(losses), val=validate(model), batches=len(loader))
    print(watch.verdict())
```

The line with `Watch` alone watches gradients, updates, rates and ticks. A fourth argument is the scaler of mixed
precision. What is not handed over (`watch.loss`, `watch.epoch`) cannot be judged, and the verdict says so; where
nothing at all was seen it is "not judged". A **fatal** finding raises
`TrainingFault`, after its evidence is in the ledger; `tolerate={"RT101": 3}` lets it pass three times, and it is still
counted. A **note** leaves a run healthy. A loop that refuses updates itself says so with `watch.skipped(reason)` and
`Plan(guarded=True)`. Preset `trace` lets torch name the operations of the first backward pass, and again of the first
one after an alarm.

Lightning and Transformers take a callback (`trainlint.during.integrations`); accelerate needs none. Before training,
`trainlint.preflight(step, model, batch, optimizer=...)` tries one update and leaves everything as it was.
Afterwards, `trainlint log` and `trainlint.diagnose_path` read a ledger or a log of any form: [logs.md](logs.md).
`trainlint compare RUN BASELINE` says what differs from a run that was sound.
What was found of broken programs, and what was not: [evidence.md](evidence.md). What nobody can see:
[limits.md](limits.md). How a finding comes about: [how-it-works.md](how-it-works.md). A rule of your own:
[adding-a-rule.md](adding-a-rule.md).

## The families

"""

_SYMPTOMS = """
## From symptom to finding

| symptom | finding |
|---|---|
"""

CALLED = {
    "RT110": "before.lossproof.accumulation",
    "RT205": "before.lossproof.oracle_triple",
    "RT209": "before.lossproof.term_life",
    "RT218": "before.lossproof.effective",
    "RT257": "after.compare.compare",
    "RT304": "before.lossproof.degenerate_gradient",
    "RT401": "before.contracts.overlap",
    "RT402": "before.contracts.same_data",
    "RT403": "before.contracts.label_ranges",
    "RT405": "before.contracts.order_matters",
    "RT406": "before.contracts.leak",
    "RT408": "during.probes.feeding.batches.batch_findings",
    "RT409": "during.probes.feeding.batches.batch_findings",
    "RT410": "before.contracts.over_budget",
    "RT502": "after.audit.checkpoint",
    "RT503": "after.audit.rescore",
    "RT504": "after.audit.resumed_equal",
    "RT506": "after.audit.search",
    "RT508": "ledger.same_run",
}
"""Findings that a watch never makes: code, and the function of `trainlint` that does."""

_CALLED = """
## What a watch alone never sees

A watch sees a loop, not what the loop was built from. These findings come from a function that you call, on its own or
in `preflight(checks=...)`.

| finding | function of `trainlint` |
|---|---|
"""

_PROGRAMS = """# The programs of the examples

`tests/core/test_rule_examples.py` runs each example: with the lines marked `-` it earns its finding, with those marked
`+` instead it earns none. Few examples need other lines changed in both programs as well, which are not shown.

<a id="loop"></a>

## The loop under a watch

```text
{watched}
```

<a id="script"></a>

## The script that is read

```text
{read}
```
"""

_OF = {
    "watched": "Mended, in [the loop under a watch](programs.md#loop)",
    "read": "Mended, in [the script that is read](programs.md#script)",
    "alone": "Mended, in a training under a watch",
    "called": "Mended, where the check is called",
    "logged": "Mended, in a program that prints a log",
}

_FAMILIES = {
    "RT1": "Updates: did one happen, and did it do anything?",
    "RT2": "The loss: is it the loss you mean?",
    "RT3": "Numbers: precision, range and linear algebra",
    "RT4": "Data: are these the samples and labels you mean?",
    "RT5": "Files, runs and search",
    "RT6": "The source: what `trainlint check` reads without running it",
}


def handbook() -> dict[str, str]:
    """Every page as Markdown, by its path below `docs`: the index, one of each family, the programs of the examples."""
    pages = {_path(family): f"# {title}\n\n[All rules](../rules.md)\n" for family, title in _FAMILIES.items()}
    for rule in RULES:
        pages[_path(rule.code)] += entry(rule)
    programs = _PROGRAMS.format(watched=SOUND.strip(), read=SCRIPT.strip())
    return {"rules.md": _index(), **pages, "rules/programs.md": programs}


def _path(code: str) -> str:
    return f"rules/{code[:3]}xx.md"


def _index() -> str:
    families = [f"- [{family}xx]({_path(family)}): {title}\n" for family, title in _FAMILIES.items()]
    table = [f"| {r.symptom} | {_linked(r)} |\n" for r in RULES]
    called = [f"| {_linked(r)} | `{CALLED[r.code]}` |\n" for r in RULES if r.code in CALLED]
    return "".join([_HEAD, *families, _SYMPTOMS, *table, _CALLED, *called])


def _linked(rule: Rule) -> str:
    return f"[{rule.code} {rule.name}]({_path(rule.code)}#{rule.code.lower()})"


def entry(rule: Rule) -> str:
    """One rule as Markdown, under its anchor.

    Args:
        rule: the rule.
    """
    return (
        f'\n<a id="{rule.code.lower()}"></a>\n\n## {rule.code} {rule.name}\n\n'
        f"- severity: {rule.severity}; verdict: {rule.state}\n"
        f"- symptom: {rule.symptom}\n- cause: {rule.cause}\n- fix: {rule.move}\n"
        f"- what it does not mean: {PAGES[rule.code][1]}\n\n{_example(rule)}"
    )


def _example(rule: Rule) -> str:
    if rule.code in WITHOUT:
        return f"No small example: {WITHOUT[rule.code]}.\n"
    example = EXAMPLES[rule.code]
    return f"{_OF[example.kind]}:\n\n```diff\n{example.diff}\n```\n"
