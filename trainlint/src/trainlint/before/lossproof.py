"""Is the loss the loss: what it gives for known answers, term by term, before training."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from ..findings import Finding
from ..rules import data as data_rules
from ..rules import losses as rules
from ..rules import updates

Term = Callable[[Tensor], Tensor]
"""A term of the loss as a function of the prediction alone; the truth is inside."""


def number(value: float | Tensor) -> float:
    """A value with or without a graph as a number."""
    return float(value.detach() if isinstance(value, Tensor) else value)


def oracle_triple(loss: Term, truth: Tensor, zero: Tensor, between: Tensor | None = None) -> list[Finding]:
    """Findings where the full loss has a floor: L(truth) ≈ 0, L(zero) ≈ 1, and the identity in between.

    Only ratios count, so that a loss in any unit passes: |L(truth)| <= 0.05 |L(zero)| and L(truth) <= L(between).

    Args:
        loss: the full loss as a function of the prediction.
        truth: the perfect prediction.
        zero: the answer that says nothing.
        between: an uninformed answer, such as the mean of the targets.
    """
    at_truth, at_zero = number(loss(truth)), number(loss(zero))
    values = f"truth {at_truth:.4g}, zero {at_zero:.4g}"
    middle = at_zero
    if between is not None:
        middle = number(loss(between))
        values += f", in between {middle:.4g}"
    if abs(at_truth) <= 0.05 * abs(at_zero) and at_truth < middle and at_truth < at_zero:
        return []
    return [rules.FLOOR.found(values, truth=at_truth, zero=at_zero, between=middle)]


def term_signs(
    terms: Mapping[str, tuple[float, Term]], prediction: Tensor, truth: Tensor, step: float = 0.1
) -> list[Finding]:
    """Findings where a weighted term grows when the prediction moves a tenth of the way to the truth.

    Args:
        terms: (weight, term) by name.
        prediction: a typical untrained prediction.
        truth: the perfect one.
        step: how far to move.
    """
    found = []
    for name, (weight, term) in terms.items():
        here = weight * number(term(prediction))
        there = weight * number(term(prediction + step * (truth - prediction)))
        if there > here + 1e-6 * abs(here):
            text = f"{here:.6g} becomes {there:.6g} a tenth of the way to the truth"
            found.append(rules.WRONG_SIGN.found(text, subject=name, here=here, there=there))
    return found


def term_life(terms: Mapping[str, tuple[float, Term]], predictions: tuple[Tensor, Tensor]) -> list[Finding]:
    """Findings about declared terms on two random predictions: weight zero, no variation, no gradient, or dominance.

    A term has a gradient share of its weighted gradient norm over the sum of all; above 0.98 the others do not count.

    Args:
        terms: (weight, term) by name.
        predictions: two different predictions.
    """
    found, shares = [], {}
    for name, (weight, term) in terms.items():
        if weight == 0:
            found.append(rules.ZERO_WEIGHT.found("weight 0", subject=name))
            continue
        leaf = predictions[0].detach().clone().requires_grad_()
        value, other = term(leaf), float(term(predictions[1].detach()))
        gradient = torch.autograd.grad(value, leaf, allow_unused=True)[0] if value.requires_grad else None
        shares[name] = abs(weight) * (0.0 if gradient is None else float(gradient.norm()))
        if float(value.detach()) == other or shares[name] == 0:
            text = f"{float(value.detach()):.6f} and {other:.6f} on two random predictions, gradient {shares[name]:.2g}"
            found.append(rules.DEAD_TERM.found(text, subject=name, gradient=shares[name]))
    total = sum(shares.values())
    for name, share in shares.items():
        if len(shares) > 1 and total > 0 and share > 0.98 * total:
            found.append(
                rules.DOMINANT.found(f"{share / total:.1%} of the gradient", subject=name, share=share / total)
            )
    return found


def degenerate_gradient(terms: Mapping[str, Term], inputs: Mapping[str, Tensor]) -> list[Finding]:
    """Findings where a term's gradient is not finite on a degenerate input, such as a multiple of the identity.

    Args:
        terms: term by name.
        inputs: degenerate predictions by name.
    """
    found = []
    for name, term in terms.items():
        for kind, value in inputs.items():
            leaf = value.detach().clone().requires_grad_()
            out = term(leaf)
            gradient = torch.autograd.grad(out, leaf)[0]
            bad = int((~torch.isfinite(torch.view_as_real(gradient) if gradient.is_complex() else gradient)).sum())
            if bad:
                at = float(out.detach())
                text = f"{bad} of {gradient.numel()} gradient entries not finite on {kind}, where the value is {at:.4g}"
                found.append(data_rules.DEGENERATE.found(text, subject=name, entries=bad))
    return found


def two_paths(train: float | Tensor, validation: float | Tensor, tolerance: float = 1e-3) -> list[Finding]:
    """Findings where the same batch through the training and the validation path gives two numbers.

    Args:
        train: loss of the batch as training computes it, with the model in eval mode.
        validation: loss of the same batch as validation computes it.
        tolerance: relative difference allowed.
    """
    one, two = number(train), number(validation)
    if abs(one - two) <= tolerance * max(abs(one), abs(two)):
        return []
    return [
        rules.TWO_PATHS.found(
            f"the same batch gives {one:.6g} in training and {two:.6g} in validation", train=one, val=two
        )
    ]


def accumulation(whole: Mapping[str, Tensor], parts: Mapping[str, Tensor], tolerance: float = 1e-2) -> list[Finding]:
    """Findings where the gradient of k microbatches is not that of one large batch.

    Args:
        whole: gradient by parameter after one backward on the large batch.
        parts: the same after the loop's own accumulation over its microbatches.
        tolerance: relative difference allowed.
    """
    norm = sum(float(g.square().sum()) for g in whole.values()) ** 0.5
    apart = sum(float((whole[n] - parts[n]).square().sum()) for n in whole) ** 0.5
    if apart <= tolerance * norm:
        return []
    inner = sum(float((whole[n] * parts[n]).sum()) for n in whole) / max(norm * norm, 1e-300)
    share = apart / max(norm, 1e-300)
    text = f"accumulated gradient is {inner:.3g} times the large batch's along it, relative difference {share:.2g}"
    return [updates.ACCUMULATION_SCALE.found(text, factor=inner, difference=share)]


def gradient_path(output: Tensor, sources: Mapping[str, Tensor]) -> list[Finding]:
    """Findings where no gradient flows from an output to a tensor it depends on, such as R_blend to its factors.

    Args:
        output: any tensor with a graph; its squared norm is differentiated.
        sources: tensors by name.
    """
    if not output.requires_grad:
        return [updates.GRAPH_CUT.found("the output carries no graph", subject=next(iter(sources), ""))]
    gradients = torch.autograd.grad(
        output.abs().square().sum(), list(sources.values()), allow_unused=True, retain_graph=True
    )
    return [
        updates.GRAPH_CUT.found(
            f"gradient from the output to {name} is {'missing' if g is None else 'exactly zero'}", subject=name
        )
        for name, g in zip(sources, gradients, strict=True)
        if g is None or not bool(g.abs().any())
    ]


def effective(requested: Mapping[str, object], used: Mapping[str, object]) -> list[Finding]:
    """Findings where a requested value is not the one in use, field by field.

    Args:
        requested: what was asked for.
        used: what the run holds, read back from the objects that use it.
    """
    return [
        rules.NOT_EFFECTIVE.found(
            f"{key}: requested {value!r}, in use {used[key]!r}" if key in used else f"{key}: requested and not in use",
            subject=key,
        )
        for key, value in requested.items()
        if key not in used or used[key] != value
    ]
