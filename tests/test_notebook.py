"""The notebook: well-formed, shipped with a real run's outputs, and runnable from end to end."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

nbformat = pytest.importorskip("nbformat")

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "Diffusion_sprites.ipynb"

LARGEST = 2 * 2**20  # bytes; what people will still open in a browser

# Any path of a machine: of its users, of temporary folders, of an environment, of a Windows disk.
PATHS = re.compile(
    r"(/home/|/root/|/Users/|/tmp/|/work/|/var/|site-packages|\.venv|\b[A-Z]:\\)", re.IGNORECASE
)


@pytest.fixture(scope="module")
def notebook() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def pictures(notebook: Any) -> list[Image.Image]:
    """Every picture among the outputs."""
    coded = [o.data["image/png"] for o in outputs(notebook) if "image/png" in o.get("data", {})]
    return [Image.open(io.BytesIO(base64.b64decode(picture))) for picture in coded]


def test_it_is_well_formed_and_not_too_large(notebook: Any) -> None:
    nbformat.validate(notebook)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert notebook.metadata.kernelspec.name == "python3"
    assert NOTEBOOK.stat().st_size < LARGEST


def test_it_ships_the_outputs_of_one_whole_run(notebook: Any) -> None:
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert {output.output_type for output in outputs(notebook)} <= {
        "stream",
        "display_data",
        "execute_result",
    }
    assert {o.name for o in outputs(notebook) if o.output_type == "stream"} == {"stdout"}
    assert len(pictures(notebook)) >= 15


def test_its_outputs_name_no_path_of_a_machine(notebook: Any) -> None:
    for output in outputs(notebook):
        text = output.get("text", "") + output.get("data", {}).get("text/plain", "")
        assert not PATHS.search(text), text


def test_its_sprites_are_shown_pixel_for_pixel(notebook: Any) -> None:
    # The two grids of 20 samples: 16×16 sprites, enlarged five times, 8 pixels apart.
    side, scale, gap = 16, 5, 8
    tile = side * scale
    size = (10 * (tile + gap) + gap, 2 * (tile + gap) + gap)
    grids = [np.asarray(p.convert("RGB")) for p in pictures(notebook) if p.size == size]
    assert len(grids) == 2
    for grid in grids:
        for k in range(20):
            top, left = (gap + place * (tile + gap) for place in divmod(k, 10))
            sprite = grid[top : top + tile, left : left + tile]
            small = sprite[::scale, ::scale]
            assert np.array_equal(small.repeat(scale, 0).repeat(scale, 1), sprite)
            assert len(np.unique(small.reshape(-1, 3), axis=0)) > 4


def test_its_pictures_fit_a_page(notebook: Any) -> None:
    assert all(picture.width <= 1000 for picture in pictures(notebook))


@pytest.mark.slow
def test_it_runs_from_end_to_end(
    notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nbclient = pytest.importorskip("nbclient")
    monkeypatch.setenv("SPRITELAB_FAST", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    fresh = nbformat.from_dict(notebook)
    for cell in code_cells(fresh):
        cell.outputs, cell.execution_count = [], None
    client = nbclient.NotebookClient(
        fresh,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute()

    # It is the notebook itself that ran, and it drew what the shipped one shows.
    assert len(pictures(fresh)) == len(pictures(notebook))
    assert (tmp_path / "runs" / "notebook-fast" / "model" / "config.json").is_file()
    said = "".join(o.text for o in outputs(fresh) if o.output_type == "stream")
    differences = re.findall(r"largest difference from spritelab's: (\S+)", said)
    assert len(differences) == 4
    assert all(float(difference) < 1e-4 for difference in differences)
    assert "the same pixels again: True" in said
