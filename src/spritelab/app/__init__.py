"""The page on one's own machine: drawn with torch, and with a place to train.

What it serves is static files and a small JSON API (``docs/app.md``). Nothing is sent anywhere;
only who has the address that it prints gets an answer.
"""

from spritelab.extras import require

require("app")

from spritelab.app.server import Served, build_app, serve

__all__ = ["Served", "build_app", "serve"]
