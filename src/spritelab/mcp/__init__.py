"""spritelab for agents: the Model Context Protocol, over standard input and output.

An agent draws, varies, writes sheets, looks at sets of sprites and trains, within the bounds of the
page (``spritelab.app``), and sees and writes files in one folder only.
"""

from spritelab.extras import require

require("mcp")

from spritelab.mcp.desk import Desk
from spritelab.mcp.server import build_server, serve

__all__ = ["Desk", "build_server", "serve"]
