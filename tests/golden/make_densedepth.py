"""Build DenseDepth in Keras, and keep what our reader of its files must agree with.

    pip install tensorflow-cpu tf_keras      # in an environment of its own, for development only
    python tests/golden/make_densedepth.py [--keep FOLDER]

The network is put together as the DenseDepth project describes it: DenseNet169 of
keras.applications without its top, a 1x1 convolution, four up blocks, a 3x3 convolution, under the
names that project gave them. Weights come from names (`seeded_weights.py`). For each variant
densedepth.npz gets the layout of the .h5 file that Keras wrote (layers, weights, shapes, classes,
version) and the network's answer; `tests/pipeline/depth/networks/test_densedepth_net.py` writes the
file again from that and holds our answer against Keras'.

Variants: "released" is Keras 2 with DenseDepth's own layer, which resizes corners to corners as it
did on TensorFlow 1 when nyu.h5 and kitti.h5 were made; the file is marked as of Keras 2.2.4, whose
layout Keras 2.15 and tf_keras still write. "later" is Keras 3 with its UpSampling2D.
"""

import argparse
import json
import tempfile
from pathlib import Path

import h5py
import keras
import numpy as np
import tensorflow as tf
import tf_keras
from seeded_weights import seeded_pictures, seeded_weight

GOLDEN = Path(__file__).parent / "densedepth.npz"
SKIPS = {
    "released": ("pool3_pool", "pool2_pool", "pool1", "conv1/relu"),
    "later": ("pool3_pool", "pool2_pool", "pool1", "conv1_relu"),
}


class BilinearUpSampling2D(tf_keras.layers.Layer):
    """Doubles rows and columns; the first and the last stay where they are."""

    def call(self, x):
        size = 2 * tf.shape(x)[1:3]
        return tf.compat.v1.image.resize_bilinear(x, size, align_corners=True)


def build(variant):
    """The network of a variant, with its seeded weights."""
    library = tf_keras if variant == "released" else keras
    layers = library.layers
    encoder = library.applications.DenseNet169(
        input_shape=(None, None, 3), include_top=False, weights=None
    )
    widest = encoder.output.shape[-1]
    x = layers.Conv2D(widest, 1, padding="same", name="conv2")(encoder.output)
    for step, skip in enumerate(SKIPS[variant], 1):
        name = f"up{step}"
        if variant == "released":
            x = BilinearUpSampling2D(name=f"{name}_upsampling2d")(x)
        else:
            x = layers.UpSampling2D(interpolation="bilinear", name=f"{name}_upsampling2d")(x)
        x = layers.Concatenate(name=f"{name}_concat")([x, encoder.get_layer(skip).output])
        for part in "AB":
            x = layers.Conv2D(widest // 2**step, 3, padding="same", name=f"{name}_conv{part}")(x)
            x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(1, 3, padding="same", name="conv3")(x)
    network = library.Model(encoder.input, x)
    for layer in network.layers:
        roles = [weight.name.rpartition("/")[2].partition(":")[0] for weight in layer.weights]
        layer.set_weights(
            [
                seeded_weight(layer.name, role, tuple(weight.shape))
                for role, weight in zip(roles, layer.weights, strict=True)
            ]
        )
    return network


def layout_of(path):
    """What a .h5 file of Keras holds but for numbers."""
    with h5py.File(path, "r") as file:
        group = file["model_weights"]
        layers = []
        for name in group.attrs["layer_names"]:
            weights = group[name].attrs["weight_names"]
            layers.append((name, [(w, list(group[name][w].shape)) for w in weights]))
        config = json.loads(file.attrs["model_config"])
        classes = [layer["class_name"] for layer in config["config"]["layers"]]
        version = file.attrs["keras_version"]
        return {"version": version, "classes": classes, "layers": layers}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, help="Folder for the .h5 files (170 MB each).")
    options = parser.parse_args()
    kept = {}
    with tempfile.TemporaryDirectory() as scratch:
        for variant in SKIPS:
            network = build(variant)
            path = (options.keep or Path(scratch)) / f"{variant}.h5"
            network.save(path)
            if variant == "released":
                with h5py.File(path, "a") as file:
                    file.attrs["keras_version"] = "2.2.4"
            answer = network.predict(seeded_pictures().astype(np.float32) / 255, verbose=0)
            layout = json.dumps(layout_of(path)).encode()
            kept[f"{variant}_layout"] = np.frombuffer(layout, np.uint8)
            kept[f"{variant}_answer"] = answer[..., 0]  # (2, 32, 48, 1) -> (2, 32, 48)
            print(variant, network.count_params(), answer.min(), answer.mean(), answer.max())
    np.savez_compressed(GOLDEN, **kept)


if __name__ == "__main__":
    main()
