"""What must a loss say of answers that are known? Predictions as vectors: the truth, nothing, and anything between."""

from dataclasses import replace

import torch
from torch import Tensor
from trainlint.rules import losses as rules

from trainlint import Finding, Term, oracle_triple, term_life, term_signs

from ...data import Inputs, Labels
from ...losses import targets_on
from ...nets import Prediction
from ..parts import Criterion

_SURE = 15.0
"""Logit of a certain answer: its probability is 1 to within 3e-7."""
_FLOORED = ("contrast", "likelihood")
"""Terms whose value for the truth is not zero."""
_PLACES = ("direction", "distance")
"""Terms of expected places: those of the planes of a column, weighted by their share of the heat."""
_FIELDS = ("heat", "offsets", "log_variance_q", "order_logits")


class Answers:
    """The predictions of a batch as flat vectors: factors, maps, logits, and the floor as the last entry.

    Args:
        prediction: of an untrained network: sizes and grid.
        inputs: of the batch.
        labels: of the same scenes.
    """

    def __init__(self, prediction: Prediction, inputs: Inputs, labels: Labels) -> None:
        self.like, self.inputs, self.labels = prediction, inputs, labels

    def flat(self, prediction: Prediction) -> Tensor:
        """A prediction as one vector."""
        parts = [torch.view_as_real(prediction.factors), *(vars(prediction)[name] for name in _FIELDS)]
        floor = prediction.heat.new_tensor([prediction.floor])
        return torch.cat([*(part.detach().reshape(-1) for part in parts), floor])

    def prediction(self, flat: Tensor) -> Prediction:
        """The prediction of a vector."""
        shapes = [(*self.like.factors.shape, 2), *(vars(self.like)[name].shape for name in _FIELDS)]
        sizes = [torch.Size(shape).numel() for shape in shapes]
        factors, *others = (part.view(shape) for part, shape in zip(flat[:-1].split(sizes), shapes, strict=True))
        maps = dict(zip(_FIELDS, others, strict=True))
        return replace(self.like, factors=torch.view_as_complex(factors), floor=float(flat[-1].detach()), **maps)

    @property
    def untrained(self) -> Tensor:
        """What the network says before it has learned anything."""
        return self.flat(self.like)

    @property
    def truth(self) -> Tensor:
        """R, the sources' cells for certain, their exact places there, and their number."""
        like, labels, grid = self.like, self.labels, self.like.grid
        targets = targets_on(grid, labels)
        centres = torch.stack(torch.meshgrid(grid.u, grid.w, grid.q, indexing="ij"), dim=-1).to(like.offsets)
        nearest = targets.nearest_to(centres[:, :, 0].expand(len(labels), -1, -1, -1))[..., None, :]
        step = like.offsets.new_tensor([max(each, 1e-9) for each in grid.step])
        factors = torch.zeros_like(like.factors)
        factors[..., : labels.factors.shape[-1]] = labels.factors.to(factors.dtype)
        certain = torch.nn.functional.one_hot(labels.sources, like.order_logits.shape[-1])
        return self.flat(
            replace(
                self._silent(),
                factors=factors,
                heat=_SURE * (2.0 * (targets.heat == 1).to(like.heat) - 1),
                offsets=(nearest - centres) / step,
                order_logits=_SURE * (2.0 * certain.to(like.order_logits) - 1),
                floor=0.0,
            )
        )

    def ahead(self, *, heat: bool) -> Tensor:
        """The truth in the form that lies nearest to the untrained answer: on the way there, no term need rise.

        F and F U are one covariance for every unitary U, and on the straight way to another U it may fall apart first.
        The nearest is the U of the singular vectors, F_true^H F = U S V^H -> F_true U V^H. A variance is the network's
        own statement, so that none is true: it stays as it is.

        Args:
            heat: whether the heat-map goes there too; where it stays, each expected place goes straight to its source.
        """
        like, truth = self.like, self.prediction(self.truth)
        left, _, right = torch.linalg.svd(truth.factors.mH @ like.factors.detach())
        near = replace(truth, factors=truth.factors @ (left @ right), log_variance_q=like.log_variance_q)
        return self.flat(near if heat else replace(near, heat=like.heat))

    @property
    def zero(self) -> Tensor:
        """No power, no place more likely than another, no number more likely than another."""
        return self.flat(replace(self._silent(), floor=0.0))

    @property
    def identity(self) -> Tensor:
        """The same, with R_pred = I."""
        return self.flat(replace(self._silent(), floor=1.0))

    def _silent(self) -> Prediction:
        like = self.like
        size, rank = like.factors.shape[-2:]
        columns = 1e-3 * torch.eye(size, rank, dtype=like.factors.dtype, device=like.factors.device)
        spread = 2 * torch.tensor(max(like.grid.step[2], 1e-9)).log()
        return replace(
            like,
            factors=columns.expand_as(like.factors).clone(),
            heat=torch.full_like(like.heat, float(like.heat.detach().median())),
            offsets=torch.zeros_like(like.offsets),
            log_variance_q=torch.full_like(like.log_variance_q, float(spread)),
            order_logits=torch.zeros_like(like.order_logits),
        )


def known_answers(loss: Criterion, answers: Answers) -> tuple[str, list[Finding]]:
    """The oracle triple through the whole loss: about 0 for the truth, most for zero, the identity between.

    Terms that have no zero (`contrast`, `likelihood`) are left out of the sum.

    Args:
        loss: the loss.
        answers: of a batch.

    Returns:
        The three values as text, and findings.
    """

    def total(flat: Tensor) -> Tensor:
        report = loss(answers.prediction(flat), answers.inputs, answers.labels)
        return report.total - sum(report.terms[name] for name in _FLOORED if name in report.terms)

    with torch.no_grad():
        true, zero, between = (float(total(each)) for each in (answers.truth, answers.zero, answers.identity))
        found = oracle_triple(total, answers.truth, answers.zero, answers.identity)
    text = f"truth {true:.4g}, identity {between:.4g}, zero {zero:.4g}"
    if not found and between > zero:
        found = [rules.FLOOR.found(f"{text}: the identity is worse than zero", truth=true, zero=zero, between=between)]
    return text, found


def living_terms(loss: Criterion, answers: Answers) -> tuple[str, list[Finding]]:
    """Each active term: does it vary, has it a gradient, does it fall on the way from an untrained answer to the truth?

    Args:
        loss: the loss.
        answers: of a batch.

    Returns:
        Names and values as text, and findings.
    """

    def term(name: str) -> Term:
        return lambda flat: loss(answers.prediction(flat), answers.inputs, answers.labels).terms[name]

    report = loss(answers.like, answers.inputs, answers.labels)
    terms = {name: (1.0, term(name)) for name in report.terms}
    start, truth = answers.untrained, answers.truth
    with torch.no_grad():
        places = {name: term for name, term in terms.items() if name in _PLACES}
        others = {name: term for name, term in terms.items() if name not in _PLACES}
        found = term_signs(others, start, answers.ahead(heat=True))
        found += term_signs(places, start, answers.ahead(heat=False))
    # Shares of a gradient with respect to quantities of different units say nothing: dominance is left out.
    alive = term_life(terms, (start, start + 0.5 * (truth - start)))
    found += [each for each in alive if each.rule is not rules.DOMINANT]
    values = ", ".join(f"{name} {float(value.detach()):.3g}" for name, value in report.terms.items())
    return f"{len(terms)} terms: {values}", found
