from .app import LOCATE, application
from .limits import Limits
from .locator import Locator
from .running import bound, run_until_stopped, url_of
from .token import token_in

__all__ = ["LOCATE", "Limits", "Locator", "application", "bound", "run_until_stopped", "token_in", "url_of"]
