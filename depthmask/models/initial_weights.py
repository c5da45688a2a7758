"""Where a training begins: weights that have seen many foregrounds, beside ImageNet's encoder.

What is hard to learn from few foregrounds, where change means opacity and where it does not, is the
same for all data sets. The package brings weights of everything but the encoder, trained for it
(docs/design-notes/built-in-start.md says on what); a run of the user's own can take their place.
"""

from importlib.resources import as_file, files
from pathlib import Path

from safetensors.torch import load_file, save
from torch import Tensor

from depthmask.models.build import Network
from depthmask.models.catalogue import PictureInput
from depthmask.models.checkpoint import Checkpoint, read_checkpoint
from shards.base.errors import InputError
from shards.base.files import write_whole
from shards.base.option_kinds import expand_home
from shards.places.outputs import writing

BUILT_IN = "built-in"
NONE = "none"
_FILE = "models/weights/start-tf_efficientnet_lite0.safetensors"
_BACKBONE = "tf_efficientnet_lite0"
_OWN = ("image_mean", "image_std", "background_mean", "background_std")
"""What belongs to a data set, not to what was learnt."""


def find_start(
    start: str | None, backbone: str, *, pretrained: bool, input: PictureInput = "siamese"
) -> str | None:
    """The file that `--start` stands for, BUILT_IN, or None.

    Without a choice the built-in weights, where their encoder is used with the weights it had
    (`pretrained`: ImageNet's) on the two pictures that they compare.
    """
    if start == NONE:
        return None
    fits = backbone == _BACKBONE and pretrained and input == "siamese"
    if start is None:
        return BUILT_IN if fits else None
    if start == BUILT_IN and not fits:
        raise InputError(
            "--start built-in",
            expected=f"--backbone {_BACKBONE} with --pretrained and --input siamese",
            found=f"--backbone {backbone}"
            + ("" if pretrained else " --no-pretrained or --pretrained-from")
            + ("" if input == "siamese" else f" --input {input}"),
            remedy="remove --start, or give best.pt of a run with this backbone",
        )
    return start if start == BUILT_IN else expand_home("--start", start)


def begin_from(network: Network, start: str) -> None:
    """Give a network the weights of BUILT_IN or of a checkpoint, for the heads that it has.

    InputError for a checkpoint of another network.
    """
    if start == BUILT_IN:
        with as_file(files("depthmask").joinpath(_FILE)) as path:
            weights = {name: tensor.float() for name, tensor in load_file(path).items()}
    else:
        weights = read_checkpoint(Path(start)).weights
    own = network.state_dict()
    chosen = {name: tensor for name, tensor in weights.items() if name not in _OWN}
    for name, tensor in chosen.items():
        if name in own and own[name].shape != tensor.shape:
            raise _refuse(start, f"{name} of shape {tuple(tensor.shape)}")
    wanted = {name for name in own if name not in _OWN}
    if start == BUILT_IN:
        wanted = {name for name in wanted if not name.startswith("encoder.")}
    missing = sorted(wanted - chosen.keys())
    if missing:
        raise _refuse(start, f"none named {missing[0]}")
    network.load_state_dict({name: chosen[name] for name in wanted}, strict=False)


def _refuse(start: str, found: str) -> InputError:
    return InputError(
        f"--start {start}",
        expected="weights of the same network (backbone and heads)",
        found=found,
        remedy="give the run's --backbone and --heads, or --start none",
    )


def save_start(checkpoint: Checkpoint, path: Path, *, trained_on: str) -> None:
    """Write what a checkpoint learnt beside its encoder as a start, 16-bit safetensors."""
    weights = {
        name: _half(tensor)
        for name, tensor in checkpoint.weights.items()
        if not name.startswith("encoder.") and name not in _OWN
    }
    facts = {"backbone": checkpoint.spec.backbone, "trained_on": trained_on}
    with writing(path, "nothing was written"):
        write_whole(path, save(weights, facts))  # save_file would let nobody else read it


def _half(tensor: Tensor) -> Tensor:
    return (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
