import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Tuple

import pytest

import evaluate
from files.eaf import Eaf, Interval, Tier
from files.eaf_writer import eaf_bytes
from files.workspace import REPOSITORY
from glosses.rules import PLAIN, VAC_PYTHON
from results.certainty import BESIDE, known_range
from runs.loading import sha256
from tests.kit.tiers import full
from tests.kit.training import make_trainer, write_data, write_recipe
from training import export
from training.evaluation import Reading, score, write_hypotheses


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data/ and out/last.pt"""
    folder = tmp_path_factory.mktemp("trained")
    data = write_data(folder / "data")
    make_trainer(data, folder / "out", write_recipe(folder), ("trainer.epochs", "1")).run()
    return folder


def arguments(trained: Path, out: Path, *more: str) -> list:
    return ["--slowfast-ckpt", str(trained / "out" / "last.pt"), "--data-root", str(trained / "data"), "--out",
            str(out), "--device", "cpu", *more]


@pytest.mark.parametrize("beam", [(), ("--beam", "1")])
def test_prints_the_table_and_writes_hypotheses(trained: Path, tmp_path: Path, beam: tuple,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate.main(arguments(trained, tmp_path, "--batch-size", "2", *beam)) == 0
    header, own, common, *abouts, last = capsys.readouterr().out.strip().splitlines()
    assert header.split() == ["model", "split", "decoder", "clips", "glosses", "sub", "ins", "del", "WER", "counted",
                              "by"]
    decoder = ["greedy"] if beam else ["beam", "10"]
    assert own.split()[:4 + len(decoder)] == ["slowfast", "dev", *decoder, "2", "4"]
    assert common.split()[:4 + len(decoder)] == ["slowfast", "dev", *decoder, "2", "4"]
    assert own.endswith("%  VAC python (its authors')") and common.endswith("%  TwoStream 2014 (common)")
    assert [about.split(":")[0] for about in abouts] == ["VAC python", "TwoStream 2014"]
    lines = (tmp_path / "dev.slowfast.txt").read_text().splitlines()
    assert [line.split("|")[0] for line in lines] == ["id", "dev-0", "dev-1"]
    checkpoint = trained / "out" / "last.pt"
    known = known_range(checkpoint, sha256(checkpoint), [tmp_path / (checkpoint.name + BESIDE)])
    assert known is not None and (known["split"], known["clips"]) == ("dev", 2) and len(known["blank"]) == 2


def test_annotation_files_stand_in_for_the_corpus_s_own(trained: Path, tmp_path: Path,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "elan"
    folder.mkdir()
    tier = Tier("SIGN", (Interval(0, 1, "REGEN"), Interval(1, 2, "WIND ABEND")))
    (folder / "dev-1.eaf").write_bytes(eaf_bytes(Eaf((tier,))))
    assert evaluate.main(arguments(trained, tmp_path, "--truth", str(folder), "--tier", "SIGN")) == 0
    printed = capsys.readouterr()
    assert f"dev: 1 of 2 clips are annotated by {folder}, and counted" in printed.err
    assert printed.out.splitlines()[1].split()[4:6] == ["2", "3"]      # clips read, glosses counted
    truths = [line.split("|")[2] for line in (tmp_path / "dev.slowfast.txt").read_text().splitlines()[1:]]
    assert truths == ["", "REGEN WIND ABEND"]
    (folder / "dev-1.eaf").write_bytes(eaf_bytes(Eaf((Tier("SIGN", (Interval(0, 1, "HAUS1A BAUM2"),)),))))
    for wrong, words in ((["--truth", str(folder)], "have no class"), (["--tier", "X"], "is for --truth"),
                         (["--truth", str(folder), "--tier", "X"], "--tier X: "),
                         (["--truth", str(tmp_path / "dev.slowfast.txt")], "expected an ELAN file"),
                         (["--truth", str(folder), "--split", "test"], "no sequence of test is called dev-1")):
        assert evaluate.main(arguments(trained, tmp_path, *wrong)) == 2
        assert words in capsys.readouterr().err


def test_three_splits_by_two_decoders_are_what_each_is_alone(trained: Path, tmp_path: Path,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    splits = ("--split", "train_eval", "dev", "test")
    assert evaluate.main(arguments(trained, tmp_path / "all", *splits, "--beam", "1", "own")) == 0
    printed = capsys.readouterr().out.splitlines()
    rows = [line for line in printed if line.startswith("slowfast ")]
    assert [row.split()[1] for row in rows] == ["train"] * 4 + ["dev"] * 4 + ["test"] * 4
    assert sum("beam 10 reads as greedy does in" in line for line in printed) == 3
    for split in ("train", "dev", "test"):
        for beam in ("1", "own"):
            assert evaluate.main(arguments(trained, tmp_path / beam, "--split", split, "--beam", beam)) == 0
            alone = [line for line in capsys.readouterr().out.splitlines() if line.startswith("slowfast ")]
            assert set(alone) <= set(rows)
            for ending in (".txt", ".ctm", ".sclite.ctm"):
                assert ((tmp_path / "all" / f"{split}.slowfast.beam-{beam}{ending}").read_text()
                        == (tmp_path / beam / f"{split}.slowfast{ending}").read_text())


def test_a_ctm_counted_again_by_the_published_rule_has_the_errors_of_the_table(
        trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate.main(arguments(trained, tmp_path, "--split", "train")) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if "VAC python (its" in line)
    truths = {line.split()[0]: line.split()[5:] for line in (tmp_path / "train.stm").read_text().splitlines()}
    read: Dict[str, List[str]] = {}
    for line in (tmp_path / "train.slowfast.sclite.ctm").read_text().splitlines():
        name, channel, start, end, gloss = line.split()
        assert (channel, start, end) == ("1", f"{len(read.get(name, [])) / 100:.2f}",
                                         f"{len(read.get(name, [])) / 100 + 0.01:.2f}")
        read.setdefault(name, []).append(gloss)
    assert list(read) == list(truths) == sorted(truths)     # sclite reads both files once, side by side
    again = VAC_PYTHON.total((truths[name], read[name]) for name in truths)
    assert [again.reference, again.substitutions, again.insertions, again.deletions] == [
        int(number) for number in row.split()[5:9]]


def test_a_second_evaluation_takes_the_files_of_the_first_for_its_own(trained: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert evaluate.main(arguments(trained, tmp_path)) == 0


@full
def test_two_processes_read_what_one_reads(trained: Path, tmp_path: Path) -> None:
    assert evaluate.main(arguments(trained, tmp_path / "one")) == 0
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
               str(REPOSITORY / "evaluate.py"), *arguments(trained, tmp_path / "two")]
    done = subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "two" / "dev.slowfast.txt").read_text() == (tmp_path / "one" / "dev.slowfast.txt").read_text()


def test_weights_alone_in_half_precision_read_as_before(trained: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.pt"
    assert export.main([str(trained / "out" / "last.pt"), str(small), "--half"]) == 0
    assert small.stat().st_size < (trained / "out" / "last.pt").stat().st_size / 4
    assert evaluate.main(arguments(trained, tmp_path)) == 0
    before = (tmp_path / "dev.slowfast.txt").read_text()
    assert evaluate.main([*arguments(trained, tmp_path), "--slowfast-ckpt", str(small)]) == 0
    assert (tmp_path / "dev.slowfast.txt").read_text() == before


def test_a_missing_split_is_one_line(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:      # before anything is loaded
        evaluate.main(arguments(trained, tmp_path, "--split", "tst"))
    line, = capsys.readouterr().err.splitlines()
    assert stopped.value.code == 2 and "--split" in line and "tst" in line


@pytest.mark.parametrize("flags", [("--clips", "3"), ("--beside",), ("--film",), ("--pairs",),
                                   ("--beam", "5", "--evidence"), ("--batch-size", "1", "--evidence"),
                                   ("--split", "dev", "test", "--evidence")])
def test_a_flag_of_the_other_question_is_refused(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                                 flags: Tuple[str, ...]) -> None:
    assert evaluate.main(arguments(trained, tmp_path, *flags)) == 2
    line, = capsys.readouterr().err.splitlines()
    assert flags[0] in line and "--evidence" in line


@pytest.mark.parametrize("batch", ["1", "2"])
def test_a_broken_frame_costs_its_clip_alone(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                             batch: str) -> None:
    data = shutil.copytree(trained / "data", tmp_path / "data")
    broken = sorted((data / "features/fullFrame-256x256px/dev/dev-0/1").iterdir())[5]
    broken.write_bytes(broken.read_bytes()[:40])
    assert evaluate.main([*arguments(trained, tmp_path / "out", "--batch-size", batch), "--data-root", str(data)]) == 1
    printed = capsys.readouterr()
    assert printed.out.splitlines()[1].split()[:5] == ["slowfast", "dev", "beam", "10", "1"]
    line, = printed.err.splitlines()
    assert line.startswith("dev-0: not read: ") and broken.name in line
    assert [row.split("|")[0] for row in (tmp_path / "out/dev.slowfast.txt").read_text().splitlines()] == [
        "id", "dev-1"]


def test_clips_without_annotation_are_read_but_not_counted(tmp_path: Path) -> None:
    readings = [Reading("b", ("REGEN",), ("REGEN",)), Reading("a", (), ("WIND",))]
    assert (score(readings, PLAIN).reference, score(readings, PLAIN).errors) == (1, 0)
    write_hypotheses(tmp_path / "read.txt", readings, PLAIN)
    assert (tmp_path / "read.txt").read_text() == "id|hypothesis|truth\na|WIND|\nb|REGEN|REGEN\n"
