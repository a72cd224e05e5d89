"""The exceptions that a user can meet.

Every one carries a single line that says what is wrong and what to do about it. The command line
prints that line and exits with status 2; nothing else is turned into an exit status, so a
traceback always means a bug of ours.
"""


class SpritelabError(Exception):
    """Something the user can mend: the message is one line and names the remedy."""


class SettingsError(SpritelabError, ValueError):
    """A setting out of range, unknown, or in contradiction with another one."""


class DataError(SpritelabError, ValueError):
    """Sprites that cannot be read, or do not fit together."""


class DownloadError(SpritelabError):
    """A file that could not be fetched, or that is not the one that was asked for."""


class ModelError(SpritelabError):
    """A model folder or run folder that is missing, broken, or of another version."""


class StorageError(SpritelabError):
    """A file that could not be written: a full disk, a missing permission."""


class TrainingError(SpritelabError):
    """A training that cannot begin or go on, such as one whose loss is no longer finite."""


class MissingExtraError(SpritelabError, ImportError):
    """A feature whose optional packages are not installed, see ``extras``."""
