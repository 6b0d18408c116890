"""The trail of this installation: where entries wait for the log."""

from pathlib import Path

from muniment.infra.settings import Settings
from muniment.producers.publisher import Publisher
from muniment.producers.trail.trail import SpooledTrail


def trail_folder(settings: Settings) -> Path:
    """All processes of a machine share it, and take over what one of them leaves behind."""
    return settings.home.resolve() / "trail"


def trail(settings: Settings, log: Publisher) -> SpooledTrail:
    """The trail over this installation's folder; not entered yet."""
    return SpooledTrail(trail_folder(settings), log)
