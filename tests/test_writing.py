"""How files are written. Everything that a user keeps appears whole or not at all: through `atomic_file`, or within a
folder that itself appears whole (`SequenceFolder`, `draft_folder`). Who writes plainly into such a folder stands below,
and nobody else writes in another way."""
import ast
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

from files.workspace import REPOSITORY
from tests.test_house import modules

# module -> functions that write into a folder that its caller makes appear whole
INTO_DRAFTS: Dict[str, Set[str]] = {
    "drawing.figure": {"_bring_fonts"},
    "render": {"render", "draw"},
    "drawing.before_after": {"write_before_after"},
    "drawing.framing": {"write_framing"},
    "drawing.video": {"write_mp4"},             # to a path: in a sequence's folder, or a part of atomic_file
    "pairs.pair_files": {"write_maps"},
    "pairs.writing": {"_draw"},
    "reports.report": {"write_report"},
    "results.additions": {"carry_over"},
    "results.cams": {"write_cams"},
    "results.elan": {"write_elan"},
    "results.folder": {"write_preds"},
    "results.manifest": {"write_manifest"},
    "results.restored": {"write_restored"},
    "runs.restoring": {"_show"},
    "runs.writing": {"_write_glosses", "_write_parts", "draw"},
    "signer.evidence": {"write_evidence"},
    "signer.people": {"make_people"},           # draft_folder's
    "signer.synthetic": {"make_workspace", "_fill", "_draw", "_pickle"},
}
# What writes, but no file that anybody keeps.
NO_FILES: Dict[str, Set[str]] = {
    "drawing.fonts": {"subset_of"},             # into memory
    "datasets.heatmaps": {"write"},             # np.save into memory, then atomic_file
    "files.lock": {"opened"},                   # a lock
    "terminal.output": {"_to_nothing"},         # /dev/null
    "training.checkpointing": {"save"},         # torch.save into memory, then atomic_file
    "training.trainer": {"run"},                # TensorBoard's log, which grows
    "training.denoising": {"run"},              # the same
    "poses.keypoint_index": {"_fill"},          # a database under a lock, renamed when it is whole
}
WRITERS = {"write_text", "write_bytes", "savefig", "save", "savez", "savez_compressed", "tofile", "dump", "imwrite",
           "copy", "copyfile", "copy2", "copytree", "move", "symlink_to", "hardlink_to", "touch", "savetxt",
           "write_mp4", "SummaryWriter", "NamedTemporaryFile", "mkstemp"}


def writes(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "open" and isinstance(call.func, ast.Name):
        modes = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
        return any(not isinstance(mode, ast.Constant) or set(str(mode.value)) & set("wax+") for mode in modes)
    if name == "open" and isinstance(call.func, ast.Attribute):        # os.open, Path.open, av.open
        dumped = ast.dump(call)
        return "O_CREAT" in dumped or "O_WRONLY" in dumped or any(f"Constant(value='{mode}" in dumped for mode in "wax")
    if name in ("copy", "copyfile", "copy2", "copytree", "move"):
        return isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "shutil"
    if name == "save" and "checkpointing" in ast.dump(call.func):
        return False        # ours, which writes whole
    if name == "connect":
        return "ro&immutable" not in ast.dump(call)
    return name in WRITERS


def plainly(node: ast.AST, function: str = "", atomic: bool = False) -> Iterator[Tuple[str, int]]:
    """Function and line of every call that writes outside of `with atomic_file(...)`."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        function = node.name
    if isinstance(node, ast.With):
        atomic = atomic or any("'atomic_file'" in ast.dump(item.context_expr) for item in node.items)
    if isinstance(node, ast.Call) and writes(node) and not atomic:
        yield function, node.lineno
    for child in ast.iter_child_nodes(node):
        yield from plainly(child, function, atomic)


def written(path: Path) -> List[Tuple[str, int]]:
    return list(plainly(ast.parse(path.read_text(encoding="utf-8"))))


def test_nothing_is_written_but_whole() -> None:
    known = {name: path for name, path in modules().items() if not name.startswith("benchmarks")}
    odd = [f"{path.relative_to(REPOSITORY)}:{line} in {function}" for name, path in known.items()
           for function, line in written(path)
           if function not in INTO_DRAFTS.get(name, set()) | NO_FILES.get(name, set())]
    assert odd == [], "write it through files.atomic.atomic_file"


def test_the_lists_name_nobody_who_does_not_write() -> None:
    known = modules()
    for names in (INTO_DRAFTS, NO_FILES):
        for name, functions in names.items():
            assert functions <= {function for function, _ in written(known[name])}, name


def test_other_ways_of_writing_are_seen() -> None:
    for text in ("open('x', 'w')", "open('x', mode='ab')", "path.write_bytes(b'')", "np.save('x', a)",
                 "figure.savefig('x')", "shutil.copy('x', 'y')", "os.open('x', os.O_CREAT)", "open('x', how)",
                 "path.open('w')", "json.dump({}, file)"):
        assert list(plainly(ast.parse(f"def f():\n    {text}\n"))) == [("f", 2)], text
    for text in ("open('x')", "open('x', 'rb')", "with atomic_file(a) as b:\n        b.write_text('')", "a.copy()"):
        assert list(plainly(ast.parse(f"def f():\n    {text}\n"))) == [], text
