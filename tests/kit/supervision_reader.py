"""Run by the Python of another environment, which has supervision and nothing of ours:

    python supervision_reader.py LABELS SPLIT OUT.npz

OUT.npz then holds the class names, and by KEY the masks (N, H, W), boxes (N, 4) and classes (N,).
"""

import sys
from pathlib import Path

import numpy as np
import supervision


def main(labels: Path, split: str, out: str) -> None:
    """Read a split of a YOLO folder as supervision does."""
    dataset = supervision.DetectionDataset.from_yolo(
        images_directory_path=str(labels / "images" / split),
        annotations_directory_path=str(labels / "labels" / split),
        data_yaml_path=str(labels / "data.yaml"),
        force_masks=True,
    )
    found = {"names": np.array(dataset.classes)}
    for path, _, detections in dataset:
        key = Path(path).stem
        found[f"{key} boxes"] = detections.xyxy
        if len(detections):
            found[f"{key} masks"] = np.asarray(detections.mask)
            found[f"{key} classes"] = detections.class_id
    np.savez_compressed(out, **found)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
