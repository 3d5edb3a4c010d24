from .carrying import Done, Executor, Here
from .cluster import Cluster, connected

__all__ = ["Cluster", "Done", "Executor", "Here", "connected"]
