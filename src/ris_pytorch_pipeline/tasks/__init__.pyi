from .carrying import Done, Executor, Here

__all__ = ["Done", "Executor", "Here"]
