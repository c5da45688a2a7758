"""Whether an ONNX file of a stranger may be run: what its operators are, and where its data lies.

Operators that a library would have to bring are refused, and so is data outside the file's own
folder.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from shards.base.errors import InputError, RunError, first_line
from shards.base.retrying import is_passing, load_by_library, retry_passing

_DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")
_REMEDY = "export the network again, as one picture in and one map out"


def wrong_onnx(path: Path, expected: str, found: str, remedy: str = _REMEDY) -> InputError:
    """The InputError of an ONNX file that is not what a teacher needs."""
    return InputError(f"--depth-model {path}", expected=expected, found=found, remedy=remedy)


def _graphs(nodes: Any) -> Iterator[Any]:
    """The graphs within nodes (branches and loops), and those within these."""
    for node in nodes:
        for attribute in node.attribute:
            for graph in [attribute.g, *attribute.graphs]:
                yield graph
                yield from _graphs(graph.node)


def _tensors(nodes: Any) -> Iterator[Any]:
    """The tensors that nodes hold themselves."""
    for node in nodes:
        for attribute in node.attribute:
            yield from [attribute.t, *attribute.tensors]
            for sparse in [attribute.sparse_tensor, *attribute.sparse_tensors]:
                yield from (sparse.values, sparse.indices)


def checked_files(path: Path) -> list[Path]:
    """The file and those with its data; InputError for foreign operators or places."""
    import onnx

    try:
        model = load_by_library([path], lambda: onnx.load(path, load_external_data=False))
        nodes, tensors = _contents(model)
    except RunError:
        raise
    except Exception as error:  # protobuf's class differs between versions
        raise wrong_onnx(path, "an ONNX file", first_line(error)) from None
    own = {(function.domain, function.name) for function in model.functions}
    for node in nodes:
        if node.domain not in _DOMAINS and (node.domain, node.op_type) not in own:
            raise wrong_onnx(path, "operators of ONNX alone", f"{node.domain}.{node.op_type}")
    entries = [entry for tensor in tensors for entry in tensor.external_data]
    places = {entry.value for entry in entries if entry.key == "location"}
    return [path, *(_data_file(path, place) for place in sorted(places, key=str))]


def _contents(model: Any) -> tuple[list[Any], list[Any]]:
    """All nodes and all tensors of a model, in its graph, its functions and their branches."""
    bodies = [model.graph, *model.functions]
    graphs = [model.graph, *(graph for body in bodies for graph in _graphs(body.node))]
    nodes = [node for body in [*graphs, *model.functions] for node in body.node]
    tensors = [*_tensors(nodes)]
    for graph in graphs:
        tensors += graph.initializer
        for sparse in graph.sparse_initializer:
            tensors += [sparse.values, sparse.indices]
    return nodes, tensors


def _data_file(path: Path, place: str | bytes) -> Path:
    """The file of a model's data; InputError unless it lies in the model's own folder."""
    folder = path.resolve().parent
    if not isinstance(place, str) or "\0" in place:  # bytes where it is no UTF-8
        raise wrong_onnx(path, "data in the file's own folder", repr(place))
    target = (folder / place).resolve()
    if PurePosixPath(place).is_absolute() or not target.is_relative_to(folder):
        raise wrong_onnx(path, "data in the file's own folder", place)
    if not retry_passing(target, lambda: _is_file(target)):
        raise wrong_onnx(path, f"the file {place} with its data", "none", "put it beside the model")
    return target


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        if is_passing(error):
            raise
        return False  # the model named no possible place
