from .counting import Counting
from .domain import Domain, domain_of
from .effort import Evidence, Trust
from .existence import Existence
from .explaining import Explaining
from .localiser import Localiser
from .proposal import Candidates, OnCovariance, Proposer
from .reference import REFERENCE, REFERENCE_FILE, reference_network

__all__ = [
    "REFERENCE",
    "REFERENCE_FILE",
    "Candidates",
    "Counting",
    "Domain",
    "Evidence",
    "Existence",
    "Explaining",
    "Localiser",
    "OnCovariance",
    "Proposer",
    "Trust",
    "domain_of",
    "reference_network",
]
