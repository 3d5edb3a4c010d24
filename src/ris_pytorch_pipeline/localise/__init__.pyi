from .explaining import Evidence, Explaining
from .localiser import Localiser
from .proposal import Candidates, OnCovariance, Proposer

__all__ = ["Candidates", "Evidence", "Explaining", "Localiser", "OnCovariance", "Proposer"]
