"""The small files that the package owns, each checked against its SHA-256."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from rnnlab.datasets.series import Series, read_series
from rnnlab.datasets.tables import DataError

if TYPE_CHECKING:
    import pandas as pd

PACKAGE = Path(__file__).parent.parent
SHA256 = {
    "shampoo_sales.csv": "9576f545ef80d71522ace1e1fc4da9d1e0fbf3e528138bf27a9b50cf4f2ab2e7",
    "airline_passengers.csv": "d27dd74f3654ab4c688afccf2348870410902f480cea900d872be2ae33184411",
    "poems_sample.txt": "97669070cf7b6fb7671ba232f66f445be9d2d83e85d1361fbc0bdaa2cd8e4422",
    "published/sales_neurons.csv": "18d0511c3a6f342d3500d0fc64386c9d7d5eccafc5aeca7b81e4cb08bff5596b",
    "published/poems_optimizers.csv": "63f233fbae9e22cfd5e548f0257a8b319f59880d93d223c4e6425f511e8f736d",
    "published/poems_perplexity.csv": "d87ba36c637222778068be3bcf0b26be99da309e214421b4f775633b6a4ceb71",
    "published/extras.csv": "41d85273764c2bfc8761ba3ab30609b5ecee208468e15aba8d6b9020f46c95de",
    "published/gate_activation.csv": "51dcc50b09319135791248a6a6ddd1ac2f289c030ff5b0dc6314c9a90ed64e46",
    "published/gate_activation_ttest.csv": "86a383ec05c6ab1f8a01b0f56bae9beb2ff0131212ce8a8f69d3546e593bd048",
    "published/forget_bias.csv": "ed0dec4fdbf1f58cc2a1361d342e37876961add168e1574b790e2dbed5b9dd9d",
    "published/forget_bias_ttest.csv": "f8acd5a371097a9cf80ecf2c24518e16986da83f20125ea94b2eb39302f8ed2e",
    "published/optimizers.csv": "6ee26b61a79df0beaa2f99465ce57bd93332e226a5f03a513cbba1e3aaf6d0dc",
    "published/optimizers_anova.csv": "b541473c275636195af8fdce500ccbdaccebc950a892828d410e526003d9d9ce",
    "published/optimizers_rank.csv": "7040540fe864e3441319dc1171aa3d543803917edd1696bdf555890f0a5e9187",
    "published/optimizers_rank_within.csv": "d7c471889594541b622e2812ba4d0b088a839491fecc466667da60c3accd00bb",
    "sentences.csv": "698da3bccc1040606c769486bd9062dfaa1ed7eb35cfcb0b0bec2c38e81a3169",
}


def shampoo_sales() -> Series:
    """Monthly sales of shampoo, 36 months, labels "1-01" to "3-12" (Makridakis, Wheelwright and Hyndman 1998)."""
    return read_series(own_file("shampoo_sales.csv"))


def airline_passengers() -> Series:
    """International airline passengers in thousands, 144 months from 1949-01 (Box and Jenkins 1976, series G)."""
    return read_series(own_file("airline_passengers.csv"))


def sentences() -> pd.DataFrame:
    """Nine hundred English sentences of 3 to 10 words, written for this package, in the columns text, label and split.

    Labels are heart (affection for people, animals and things), ball_sport (playing and watching), smile (joy, humour, good
    news, pride), sad (grief, disappointment, loneliness, bad news) and food (eating, cooking, hunger): 135 sentences of each
    for "train", 45 for "test". A training and a test sentence share at most half of the words that occur in either.
    """
    import pandas as pd

    return pd.read_csv(own_file("sentences.csv"))


def published(name: str) -> pd.DataFrame:
    """Figures that others published, `datasets/published/<name>.csv`; DataError for a name that is not there."""
    import pandas as pd

    known = [Path(file).stem for file in SHA256 if file.startswith("published/")]
    if name not in known:
        raise DataError(f"no published figures {name!r}: expected one of {', '.join(known)}")
    return pd.read_csv(own_file(f"published/{name}.csv"))


def own_file(name: str) -> Path:
    # The copy in a wheel comes first: the folder beside an installed package may be another project named "datasets".
    packaged = PACKAGE / "_datasets"
    path = (packaged if packaged.is_dir() else PACKAGE.parent / "datasets") / name
    found = hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
    if found != SHA256[name]:
        raise DataError(f"{path}: expected the package's own file, SHA-256 {SHA256[name]}, got {found}")
    return path
