"""What options and commands are called elsewhere, and here: asked before any guess by letters.

Names are written as they are compared: lower case, without leading dashes, "-" for "_".
"""

from collections.abc import Mapping

OPTIONS: Mapping[str, str] = {
    "fg": "foreground foregrounds fg-dir fg-path foreground-dir foregrounds-dir objects cutouts",
    "bg": "background backgrounds bg-dir bg-path background-dir backgrounds-dir scenes",
    "background": "bg bg-path background-image clean plate bgr",
    "image": "input source src images img picture pictures file composite i input-dir image-path",
    "shards": "data dataset data-dir data-path data-root dataset-dir train-data root url d input",
    "out": "output output-dir outdir out-dir output-folder output-path output-file dest "
    "destination save-dir save-path save project name o results logdir log-dir run-dir to "
    "default-root-dir",
    "workers": "jobs j num-workers n-jobs nproc processes processes-count num-processes threads "
    "thread-count threads-count num-threads cpus num-cpus cores n-workers worker parallel",
    "device": "gpu gpus cuda device-id devices accelerator gpu-id use-cuda cpu",
    "samples": "n num count number num-samples n-samples total limit max-samples num-images "
    "max-count images",
    "val-fraction": "val-split valid-fraction validation-split val-ratio val-size val-percent "
    "valid-split validation-fraction val valid split-ratio holdout",
    "test-fraction": "test-split test-size test-ratio test-percent test",
    "fg-alpha": "alpha alphas mattes matte pha fg-mask fg-masks masks mask alpha-dir mask-dir",
    "category": "class label class-name category-name",
    "split-objects": "split-components components connected-components instances",
    "decontaminate": "foreground-estimation estimate-foreground defringe",
    "size": "image-size img-size imgsz input-size resolution res resize height width crop-size "
    "canvas img",
    "samples-per-shard": "shard-size maxcount max-shard-size samples-per-file "
    "number-sample-per-shard number-of-samples-per-shard",
    "placements": "positions repeats per-pair augmentations",
    "format": "output-format backend store f out-format container",
    "image-quality": "quality jpeg-quality encode-quality jpg-quality q",
    "fg-scale": "scale scale-range object-scale min-scale max-scale",
    "objects": "object-count num-objects n-objects count-objects objects-per-image max-objects",
    "max-overlap": "overlap occlusion max-occlusion max-iou iou dontocclude",
    "rotate": "rotation degrees max-rotation angle rot",
    "truncate": "truncation truncated crop-objects max-truncation",
    "blend": "blending blend-mode seam",
    "bg-crop": "background-crop random-crop crop",
    "bg-flip": "background-flip flip-background",
    "balance": "class-balance balanced balance-classes",
    "distractors": "distractor distractor-dir distractor-list add-distractors",
    "distractor-count": "num-distractors max-distractors n-distractors",
    "flip": "hflip mirror horizontal-flip fliplr",
    "depth-model": "teacher depth depth-teacher depth-network model",
    "depth-weights": "weights teacher-weights checkpoint depth-checkpoint",
    "engine": "distributor executor runner launcher",
    "ray-address": "address ray cluster",
    "overwrite": "force clean yes y exist-ok f",
    "preview": "sheet contact-sheet show-samples peek",
    "dry-run": "dryrun simulate plan just-print",
    "epochs": "max-epochs num-epochs n-epochs num-train-epochs ep e epoch",
    "minutes": "max-time time hours duration time-limit",
    "batch-size": "batch bs b batchsize train-batch-size mini-batch per-gpu-batch",
    "accumulate": "accumulation grad-accum gradient-accumulation-steps accumulate-grad-batches "
    "grad-accum-steps",
    "lr": "learning-rate learningrate lr0 base-lr max-lr blr",
    "weight-decay": "wd decay l2",
    "optimiser": "optimizer opt optim",
    "schedule": "scheduler lr-scheduler sched lr-schedule cos-lr",
    "warm-up": "warmup warmup-steps warmup-epochs num-warmup-steps lr-warmup",
    "clip": "clip-grad grad-clip gradient-clip-val max-grad-norm clip-norm",
    "ema": "model-ema ema-decay use-ema",
    "precision": "amp fp16 bf16 half dtype mixed-precision float16 bfloat16",
    "backbone": "encoder arch architecture model encoder-name timm-model",
    "network": "net",
    "resume": "continue resume-from restart auto-resume",
    "start": "init init-from finetune fine-tune checkpoint weights ckpt initial-checkpoint "
    "load-from ckpt-path",
    "patience": "early-stopping early-stop",
    "save-every": "save-period save-freq save-interval checkpoint-every save-steps",
    "grid-every": "log-every log-interval log-freq print-freq",
    "mask-loss": "loss criterion seg-loss",
    "config": "cfg config-file c yaml opts",
    "seed": "random-seed manual-seed rng s",
    "compile": "torchcompile torch-compile",
    "split": "subset partition mode",
    "worst": "top top-k k num-worst",
    "json": "format-json output-json as-json machine-readable",
    "quiet": "silent no-progress no-verbose",
    "verbose": "debug trace log-level loglevel",
    "version": "ver",
    "deep": "full thorough decode",
    "repair": "fix rebuild recover",
    "recompute": "exact",
}
"""For each option of ours, what others call it; several of ours may share a name."""

ARGUMENTS: Mapping[str, str] = {
    "checkpoint": "model weights ckpt checkpoint network load-from model-path ckpt-path m resume",
    "shards": "shards data dataset data-dir data-path root input source",
    "out": "out output output-dir outdir out-dir output-path output-file o dest save",
    "source": "source input shards data dataset src i",
    "pictures": "image images input source pictures file files src i",
    "path": "path input shards data run dataset run-dir",
    "split": "split subset",
    "position": "position index idx sample n number",
}
"""The same for what is given without a name before it."""

_BY_ALPHA = "objects are laid over the background by their alpha, and change nothing else of it"
_BOTH_SIDES = "--size 320x240 says both, width first"
_GOES_ON = "the same command resumes where it stopped"
_HELD_OUT = "the data set says it: build it with --val-fraction"
_LENGTH = "--epochs or --minutes say how long a training is"
_TORCHRUN = "ranks are torchrun's: torchrun --no-python --nproc-per-node N depthmask train ..."
_NEW_RUN = "name a new folder with --out, or continue with --resume"
_ANY_SIZE = "pictures of any size are taken, and answered at their own"
_AUGMENTED = "training augments pictures without being asked (docs/training.md)"

NOTES: tuple[tuple[str, str, str], ...] = (
    ("build-dataset", "data input source root src", "give the two folders: --fg and --bg"),
    (
        "build-dataset",
        "no-depth without-depth skip-depth no-depth-model",
        "here it is --depth-model none",
    ),
    (
        "build-dataset",
        "augment augmentation",
        "--objects, --rotate, --fg-scale, --bg-crop and others say how samples vary",
    ),
    ("build-dataset", "shadow shadows harmonise harmonize", _BY_ALPHA),
    ("build-dataset", "height width", _BOTH_SIDES),
    ("build-dataset", "recursive r", "folders below --fg and --bg are always searched"),
    ("build-dataset", "shuffle", "samples come in a random order already, by --seed"),
    ("build-dataset convert verify", "resume continue restart", _GOES_ON),
    ("build-dataset", "epochs", "train has it; --samples says how many samples are made"),
    (
        "build-dataset",
        "batch-size batch bs",
        "train has it; a shard's samples are --samples-per-shard",
    ),
    (
        "train evaluate",
        "val-split val-fraction val-ratio val-size valid-fraction validation-split",
        _HELD_OUT,
    ),
    ("train", "val val-data val-dir valid", "each data set brings its own val split"),
    (
        "train",
        "samples n num-samples limit",
        f"an epoch shows the whole train split; {_LENGTH}",
    ),
    ("train", "rotate rotation degrees augment augmentation flip hflip mosaic", _AUGMENTED),
    ("train", "no-depth no-depth-loss", "here it is --heads mask"),
    ("train", "no-mask no-mask-loss", "here it is --heads depth"),
    ("train", "steps max-steps num-steps iterations iters max-iters", _LENGTH),
    (
        "train",
        "num-processes nproc-per-node nnodes gpus devices num-gpus n-gpus world-size",
        _TORCHRUN,
    ),
    (
        "train",
        "tensorboard wandb logger",
        "metrics.csv and TensorBoard files are always written to --out",
    ),
    ("train train-teacher", "overwrite force exist-ok clean", _NEW_RUN),
    ("predict", "size imgsz img-size image-size resolution resize", _ANY_SIZE),
    ("predict", "shards data dataset", "it reads pictures; evaluate scores a data set"),
    ("predict", "threshold conf confidence", "the mask is written soft, 0 to 255"),
    ("predict", "batch-size batch bs", "pictures are seen one at a time"),
    ("depth", "batch-size batch bs", "pictures are seen one at a time"),
    ("evaluate", "image images input source", "it scores a data set; predict takes pictures"),
    ("export", "format f", "the ending of OUT says it: .onnx or .pt2"),
    ("export", "device gpu cuda", "a network is written on the processor"),
    ("convert", "samples n limit", "a data set is converted whole"),
    ("convert", "overwrite force", "name a new folder"),
    (
        "sample-data",
        "n num count samples number",
        "--cars, --people, --signs and --scenes say how many are drawn",
    ),
)
"""Commands, names that are typed for them, and what to say: what is not there, or is two things."""

COMMANDS: Mapping[str, str] = {
    "build-dataset": "build create make generate gen compose composite dataset synth synthesize "
    "synthesise prepare build-data create-dataset make-dataset generate-dataset img2dataset",
    "evaluate": "eval val test score benchmark metrics",
    "predict": "infer inference detect segment matte run demo-predict apply",
    "train": "fit training finetune fine-tune learn",
    "stats": "info describe show inspect summary ls count",
    "verify": "check validate fsck repair fix audit",
    "convert": "pack unpack import extract to-lmdb to-tar transcode migrate",
    "sample-data": "demo samples download example examples init quickstart toy-data",
    "render": "sample draw preview view",
    "report": "html plot visualize visualise card",
    "export": "onnx to-onnx save deploy trace",
    "networks": "models list architectures backbones arch",
    "depth": "estimate-depth predict-depth teacher midas",
    "train-teacher": "teach distill distil",
    "doctor": "env diagnose diagnostics system info-env collect-env",
}
"""For each command of ours, what others call it."""


def as_compared(name: str) -> str:
    """A name as the tables have it."""
    return name.lstrip("-").replace("_", "-").lower()


def command_called(name: str) -> str | None:
    """The command of ours that goes by this name elsewhere."""
    found = _called(name, COMMANDS)
    return found[0] if found else None


def options_called(name: str) -> list[str]:
    """The options of ours that go by this name elsewhere; some command has each."""
    return _called(name, OPTIONS)


def arguments_called(name: str) -> list[str]:
    """The arguments of ours (given without a name) that go by this name elsewhere."""
    return _called(name, ARGUMENTS)


def note_on(name: str, command: str) -> str | None:
    """What to say to this name as an option of a command, where that is more than a name."""
    wanted = as_compared(name)
    return next(
        (
            sentence
            for commands, names, sentence in NOTES
            if command in commands.split() and wanted in names.split()
        ),
        None,
    )


def _called(name: str, table: Mapping[str, str]) -> list[str]:
    wanted = as_compared(name)
    return [ours for ours, others in table.items() if wanted == ours or wanted in others.split()]
