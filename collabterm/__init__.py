"""A terminal text editor for several people at once; its parts are imported by name, never from here."""

__version__ = "0.1.0"
