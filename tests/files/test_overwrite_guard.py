"""What lies beside the results is replaced only if the program wrote it, and that is settled before any work."""
from pathlib import Path

import pytest
from matplotlib.figure import Figure

import evaluate
import train
from evidence import pairs_table, real_table, table
from evidence.minimal_pairs import Contrasts
from evidence.parted import Followed
from evidence.places import Places
from evidence.real import RealStudy
from evidence.study import Study
from files.overwrite_guard import BEGINS, check_ours
from glosses.rules import PLAIN
from pairs.index_page import write_likeness_index
from pairs.pair_files import write_scores
from records.hiding import WAYS
from records.pairs import MarketScores, NetworkFile
from records.requests import PARTS, ClipRequest
from records.summary import failure
from reports.index import write_index
from results.certainty import write_range
from results.glosses import FILE
from results.glosses import table as gloss_table
from results.parts import COLUMNS
from results.summary import write_summary
from runs.batch import files_beside
from terminal.errors import UserError
from tests.kit.commands import tiny_case
from tests.kit.training import write_data, write_recipe
from training.evaluation import write_hypotheses


def test_what_the_program_wrote_is_its_own(tmp_path: Path) -> None:
    write_index(tmp_path)
    write_summary(tmp_path, [failure("a", "broken", True)], 1.0)
    (tmp_path / FILE).write_text(gloss_table([]))
    write_scores(tmp_path, MarketScores(3, 9, 0.5, 0.5, 1.0, 1.0, NetworkFile("arcface", "ArcFace", "a.pt", "0f"), ""))
    write_range(tmp_path, Path("a.pt"), "0f" * 32, "dev", [])
    write_hypotheses(tmp_path / "dev.slowfast.txt", [], PLAIN)
    Figure().savefig(tmp_path / "evidence.png")
    (tmp_path / "pairs.txt").write_text("\n".join(pairs_table.lines(Contrasts())))
    (tmp_path / "film.txt").write_text("\n".join(real_table.lines(RealStudy(), "dev")))
    study = Study(places={"the signer alone": Places()})
    (tmp_path / "evidence.txt").write_text("\n".join(table.lines(study)))
    written = sorted(tmp_path.iterdir())
    assert len(written) == 11
    study.parted = Followed({("a", "-", "motion"): {}}, {("a", way): 1 for way in WAYS})
    (tmp_path / "evidence.txt").write_text("\n".join(table.lines(study)))
    check_ours(written)
    write_likeness_index(tmp_path, "title", "facts", [], [], "turbo")
    check_ours([tmp_path / "index.html"])


def test_whatever_a_batch_leaves_beside_its_sequences_is_known(tmp_path: Path) -> None:
    """Else the second run of a batch would not know the first one's files."""
    for path in files_beside(ClipRequest(tmp_path, write=PARTS), 2):
        path.write_text("mine")
        with pytest.raises(UserError, match=f"{path.name} exists, but was not written by this program"):
            check_ours([path])
    for name, columns in COLUMNS.items():
        (tmp_path / name).write_text(",".join(columns) + "\n")
        check_ours([tmp_path / name])


@pytest.mark.parametrize("name", [*BEGINS, "dev.slowfast.txt", "a.pt.certainty.json"])
@pytest.mark.parametrize("content", [b"", b"{}", b"my notes\n", b"<!doctype html><title>mine</title>", None])
def test_what_a_user_put_there_is_not(tmp_path: Path, name: str, content: object) -> None:
    path = tmp_path / name
    path.write_bytes(content) if isinstance(content, bytes) else path.mkdir()
    with pytest.raises(UserError, match="was not written by this program"):
        check_ours([path])


@pytest.mark.parametrize("name", ["index.html", "summary.json", "summary.csv", "glosses.csv"])
def test_main_leaves_a_users_file_and_does_no_work(tmp_path: Path, name: str,
                                                   capsys: pytest.CaptureFixture) -> None:
    case = tiny_case(tmp_path)
    case.out.mkdir()
    (case.out / name).write_text("mine")
    for flags in ([], ["--overwrite"]):
        assert case.run("--split", "test", "--target", "each", *flags) == 2
        said = capsys.readouterr().err.strip()
        assert len(said.splitlines()) == 1 and name in said and "give another --out" in said
    assert [path.name for path in case.out.iterdir()] == [name] and (case.out / name).read_text() == "mine"


@pytest.mark.parametrize("name", ["dev.slowfast.txt", "slowfast.pt.certainty.json"])
def test_evaluate_leaves_a_users_file(tmp_path: Path, name: str, capsys: pytest.CaptureFixture) -> None:
    case = tiny_case(tmp_path)
    case.out.mkdir()
    (case.out / name).write_text("mine")
    assert evaluate.main(case.arguments("--device", "cpu")) == 2
    assert name in capsys.readouterr().err and (case.out / name).read_text() == "mine"


@pytest.mark.parametrize("name", ["config.yaml", "best.pt", "dev.hypotheses.txt"])
def test_train_leaves_a_users_file(tmp_path: Path, name: str, capsys: pytest.CaptureFixture) -> None:


    data, recipe = write_data(tmp_path / "data"), write_recipe(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine")
    flags = ["-c", str(recipe), "--data-root", str(data), "--out", str(tmp_path / "out"), "--device", "cpu"]
    assert train.main(flags) == 2
    assert name in capsys.readouterr().err and (tmp_path / "out" / name).read_text() == "mine"
