from .gram import Gram, StackedStatistics, panel_block, response_gram, snapshot_gram, stacked, stacked_statistics
from .held_out import held_out_random, held_out_steady
from .mixed import Mixed, mixed_likelihood, sequenced_gram
from .pilot import Projection, information_of_moments, position_information, position_scores, project, residual_gradient
from .sequences import sequence_information, sequence_residual, sequence_scores
from .stochastic import Whitened, block_scores, fisher_information, negative_log_likelihood, score, whiten

__all__ = [
    "Gram",
    "Mixed",
    "Projection",
    "StackedStatistics",
    "Whitened",
    "block_scores",
    "fisher_information",
    "held_out_random",
    "held_out_steady",
    "information_of_moments",
    "mixed_likelihood",
    "negative_log_likelihood",
    "panel_block",
    "position_information",
    "position_scores",
    "project",
    "residual_gradient",
    "response_gram",
    "score",
    "sequence_information",
    "sequence_residual",
    "sequence_scores",
    "sequenced_gram",
    "snapshot_gram",
    "stacked",
    "stacked_statistics",
    "whiten",
]
