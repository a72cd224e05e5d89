"""How good are the sprites, and are they new: features, measures and the check for copying.

``evaluate`` measures one model, ``evaluate_images`` one set of images against another, ``compare``
sets ways of drawing against each other and writes a report. An ``Evaluator`` does the same several
times and takes the features of the real sprites once.
"""

from spritelab.extras import require

require("evaluate")

from spritelab.evaluation.calls import compare, evaluate, evaluate_images
from spritelab.evaluation.comparison import Comparison, make_grid
from spritelab.evaluation.evaluator import Evaluator, default_grid
from spritelab.evaluation.features import Extractor
from spritelab.evaluation.result import Evaluation
from spritelab.evaluation.split import Split, find_split

__all__ = [
    "evaluate",
    "evaluate_images",
    "compare",
    "Evaluator",
    "Evaluation",
    "Comparison",
    "Extractor",
    "Split",
    "find_split",
    "make_grid",
    "default_grid",
]
