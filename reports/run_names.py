"""What two runs of one clip are called beside each other: what differs between them, else their folders."""
from typing import Any, Dict, List, Mapping, Tuple

OF_A_MODEL = ("method", "pool", "normalise", "precision")
OF_A_RUN = ("target", "budget", "hide", "hidden_keypoints")
SHORT = 8           # letters of a hash that tell two files of one name apart


def run_names(mine: Mapping[str, Any], other: Mapping[str, Any], folders: Tuple[str, str]) -> Tuple[str, str]:
    """mine, other: preds.json of the two."""
    ours, theirs = _facts(mine), _facts(other)
    differing = [fact for fact in dict.fromkeys((*ours, *theirs)) if ours.get(fact) != theirs.get(fact)]
    if not differing:
        return folders
    one, two = (", ".join(f"{fact} {facts[fact]}" if facts.get(fact) else f"no {fact}" for fact in differing)
                for facts in _without_hashes(ours, theirs, differing))
    return one, two


def _facts(preds: Mapping[str, Any]) -> Dict[str, str]:
    settings, models = (field if isinstance(field, dict) else {} for field in map(preds.get, ("settings", "models")))
    facts = {fact: str(settings[fact]) for fact in OF_A_RUN if settings.get(fact)}
    for name, model in ((name, model) for name, model in models.items() if isinstance(model, dict)):
        checkpoint = model.get("checkpoint")
        if isinstance(checkpoint, dict):
            facts[f"{name} from"] = f"{checkpoint.get('file')} ({str(checkpoint.get('sha256'))[:SHORT]})"
        for fact in OF_A_MODEL:
            values = facts.get(fact, "").split(" and ") if fact in facts else []
            if model.get(fact) and str(model[fact]) not in values:
                facts[fact] = " and ".join([*values, str(model[fact])])
    return facts


def _without_hashes(ours: Dict[str, str], theirs: Dict[str, str],
                    differing: List[str]) -> Tuple[Dict[str, str], Dict[str, str]]:
    """A checkpoint's file name alone where that tells the two apart already."""
    for fact in differing:
        one, two = ours.get(fact, ""), theirs.get(fact, "")
        if fact.endswith(" from") and one.rpartition(" (")[0] != two.rpartition(" (")[0]:
            ours = {**ours, fact: one.rpartition(" (")[0]} if one else ours
            theirs = {**theirs, fact: two.rpartition(" (")[0]} if two else theirs
    return ours, theirs
