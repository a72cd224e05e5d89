"""Makes the golden files of tests/evaluation from pytorch-fid, torch-fidelity and prdc.

Not run by the tests, and never in the project's own environment. In a scratch one:

    pip install torch scipy scikit-learn joblib threadpoolctl tqdm pillow
    pip install --no-deps torchvision pytorch-fid torch-fidelity prdc
    python tests/evaluation/make_golden.py

torchvision's compiled operators fail to load beside a CPU build of torch. Nothing here calls them,
but its import registers shapes for them, so they are declared (never defined) first; its
pure-Python networks then load.
"""

# The packages that it compares with are not in the project's environment.
# mypy: disable-error-code="import-not-found, import-untyped, no-untyped-call"

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from evaluation_rules import feature_pair, fill, pictures  # noqa: E402

_OPERATORS = ["nms", "qnms", "qroi_align", "deform_conv2d", "_deform_conv2d_backward"] + [
    f"{prefix}{name}{suffix}"
    for name in ("roi_align", "roi_pool")
    for prefix, suffix in (("", ""), ("ps_", ""), ("_", "_backward"), ("_ps_", "_backward"))
]


def inception() -> None:
    """Features of pytorch-fid's network with weights by rule, in float64 and in float32."""
    import pytorch_fid.inception as theirs

    # Stands in for the download of the weights, so that all else of their constructor runs. The
    # blocks that pytorch-fid replaces keep the names and shapes of torchvision's.
    plain = theirs._inception_v3(num_classes=1008, aux_logits=False, weights=None)
    theirs.load_state_dict_from_url = lambda *_args, **_kwargs: fill(plain.state_dict())
    network = theirs.InceptionV3([theirs.InceptionV3.BLOCK_INDEX_BY_DIM[2048]]).eval()
    exact, rounded = [], []
    with torch.no_grad():
        for batch in pictures():
            # What torchvision's ToTensor makes of an image file.
            x = torch.from_numpy(batch).permute(0, 3, 1, 2).float().div(255)
            rounded.append(network.float()(x)[0].flatten(1).numpy())
            exact.append(network.double()(x.double())[0].flatten(1).numpy())
    np.savez_compressed(
        HERE / "golden" / "inception.npz",
        float64=np.concatenate(exact),
        float32=np.concatenate(rounded),
    )


def metrics() -> None:
    """Distances of features made by rule, above and below the dimension."""
    from prdc import compute_prdc
    from pytorch_fid.fid_score import calculate_frechet_distance
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
    from torch_fidelity.metric_kid import kid_features_to_metric
    from torch_fidelity.metric_prc import prc_features_to_metric

    cases = []
    for n, m, dimension in ((300, 250, 24), (40, 60, 96)):
        a, b = feature_pair(n, m, dimension)
        ta, tb = torch.from_numpy(a), torch.from_numpy(b)
        fidelity = fid_statistics_to_metric(
            fid_features_to_statistics(ta), fid_features_to_statistics(tb), verbose=False
        )
        kid = kid_features_to_metric(
            ta, tb, kid_subsets=20, kid_subset_size=30, rng_seed=2020, verbose=False
        )
        theirs = prc_features_to_metric(
            tb, ta, prc_neighborhood=3, prc_batch_size=10000, save_cpu_ram=False, verbose=False
        )
        cases.append(
            {
                "n": n,
                "m": m,
                "dimension": dimension,
                "frechet_pytorch_fid": calculate_frechet_distance(
                    a.mean(0), np.cov(a, rowvar=False), b.mean(0), np.cov(b, rowvar=False)
                ),
                "frechet_torch_fidelity": fidelity["frechet_inception_distance"],
                "kid": kid["kernel_inception_distance_mean"],
                "kid_std": kid["kernel_inception_distance_std"],
                "precision_torch_fidelity": theirs["precision"],
                "recall_torch_fidelity": theirs["recall"],
                "prdc_k5": {k: float(v) for k, v in compute_prdc(a, b, nearest_k=5).items()},
            }
        )
    packages = ("pytorch-fid", "torch-fidelity", "prdc", "numpy", "scipy", "torch")
    golden = {"versions": {name: version(name) for name in packages}, "cases": cases}
    (HERE / "golden" / "metrics.json").write_text(json.dumps(golden, indent=2) + "\n")


if __name__ == "__main__":
    library = torch.library.Library("torchvision", "DEF")
    for operator in _OPERATORS:
        library.define(f"{operator}(Tensor x) -> Tensor")
    inception()
    metrics()
