"""A trained model outside of Python: as ONNX, and as a page that draws with it in a browser."""

from spritelab.extras import require

require("onnx")

from spritelab.web.folder import PAGE, export_web
from spritelab.web.metadata import NOISE, describe
from spritelab.web.onnx_model import export_onnx
from spritelab.web.runtime import RUNTIME_VERSION

__all__ = ["export_onnx", "export_web", "describe", "NOISE", "PAGE", "RUNTIME_VERSION"]
