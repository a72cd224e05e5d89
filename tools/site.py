"""One static site: the documentation, and beside it the page that draws in the browser.

``make site`` writes it to ``build/site``. The two lead to each other, and need nothing else: any
host of static files can show the folder.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from spritelab.generate import load_model
from spritelab.web import export_web
from tools.docs_site import PLAY, ROOT

PAGE = "play"
"""The folder of the page in that of the site."""

MODELS = ("crawl-16-quick", "crawl-16")
"""The first draws unless another is chosen, in two evaluations; the second, its teacher, can be
watched, and edits."""


def build(out: Path, runtime: Path | None = None) -> Path:
    """Write the site to ``out``, which is emptied, and return it.

    Args:
        out: the folder.
        runtime: a folder with ONNX Runtime Web, see ``spritelab.web.export_web``.
    """
    command = ["mkdocs", "build", "--strict", "--quiet", "--site-dir", str(out.resolve())]
    # The second variable stills a notice of the theme about another program.
    environment = {**os.environ, PLAY: PAGE, "NO_MKDOCS_2_WARNING": "1"}
    subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env=environment, check=True)
    models = [load_model(name, "cpu") for name in MODELS]
    export_web(models, out / PAGE, runtime=runtime, docs="../")
    return out


def main() -> None:
    """Read the command line, and build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site")
    parser.add_argument("--runtime", type=Path, help="where npm has put onnxruntime-web")
    asked = parser.parse_args()
    out = build(asked.out, asked.runtime)
    print(f"wrote {out / 'index.html'} and {out / PAGE / 'index.html'}")


if __name__ == "__main__":
    main()
