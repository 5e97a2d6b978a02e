from typing import List

from datasets.corpus import Row
from datasets.layout import Corpus

LEFT_OUT_TRAIN_ROW = 2390       # a damaged recording, dropped before training and before the glosses are numbered


class Phoenix2014(Corpus):
    """RWTH-PHOENIX-Weather 2014: German weather forecasts."""

    name = "phoenix2014"
    folder = "phoenix-2014-multisigner"
    preprocessed = "phoenix2014"
    classes = 1296
    folds_case = False

    def training_rows(self, split: str) -> List[Row]:
        rows = self.read(split)
        if self.info or split != "train":
            return rows
        return [row for number, row in enumerate(rows) if number != LEFT_OUT_TRAIN_ROW]
