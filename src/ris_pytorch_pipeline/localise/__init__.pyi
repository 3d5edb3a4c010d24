from .localiser import Localiser
from .proposal import Candidates, OnCovariance, Proposer

__all__ = ["Candidates", "Localiser", "OnCovariance", "Proposer"]
