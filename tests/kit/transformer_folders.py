"""Small networks of transformers, one a family, with random weights, and their processors."""

from typing import Any

import pytest

transformers = pytest.importorskip("transformers", reason="needs the extra `hf`")

_VIT = {"hidden_size": 16, "num_hidden_layers": 4, "num_attention_heads": 2}
_VIT_64 = _VIT | {"intermediate_size": 32, "image_size": 64, "patch_size": 16}
_NECK = {"neck_hidden_sizes": [8, 8, 8, 8], "fusion_hidden_size": 8}
DINO = _VIT | {
    "mlp_ratio": 2,
    "image_size": 28,
    "patch_size": 14,
    "out_indices": [1, 2, 3, 4],
    "apply_layernorm": True,
    "reshape_hidden_states": False,
}
"""A small DINOv2: names of transformers' own configuration."""


def dpt() -> tuple[Any, Any]:
    config = transformers.DPTConfig(
        **_VIT_64, **_NECK, backbone_out_indices=[0, 1, 2, 3], is_hybrid=False
    )
    processor = transformers.DPTImageProcessor(size={"height": 64, "width": 64})
    return transformers.DPTForDepthEstimation(config), processor


def depth_anything(**changes: Any) -> tuple[Any, Any]:
    config = transformers.DepthAnythingConfig(
        backbone_config=transformers.Dinov2Config(**DINO),
        reassemble_hidden_size=16,
        head_hidden_size=4,
        **_NECK,
        **changes,
    )
    processor = transformers.DPTImageProcessor(
        size={"height": 56, "width": 56}, keep_aspect_ratio=True, ensure_multiple_of=14
    )
    return transformers.DepthAnythingForDepthEstimation(config), processor


def glpn() -> tuple[Any, Any]:
    config = transformers.GLPNConfig(
        depths=[1, 1, 1, 1],
        hidden_sizes=[8, 8, 16, 16],
        num_attention_heads=[1, 1, 2, 2],
        decoder_hidden_size=8,
    )
    return transformers.GLPNForDepthEstimation(config), transformers.GLPNImageProcessor()


def zoedepth() -> tuple[Any, Any]:
    backbone = transformers.BeitConfig(
        **_VIT_64,
        out_indices=[1, 2, 3, 4],
        reshape_hidden_states=False,
        use_relative_position_bias=True,
    )
    config = transformers.ZoeDepthConfig(
        backbone_config=backbone,
        backbone_hidden_size=16,
        bottleneck_features=8,
        num_relative_features=4,
        bin_embedding_dim=8,
        num_patch_transformer_layers=1,
        patch_transformer_hidden_size=8,
        patch_transformer_intermediate_size=16,
        patch_transformer_num_attention_heads=2,
        **_NECK,
    )
    processor = transformers.ZoeDepthImageProcessor(
        size={"height": 64, "width": 64}, ensure_multiple_of=32
    )
    return transformers.ZoeDepthForDepthEstimation(config), processor


FAMILIES = {"depth_anything": depth_anything, "dpt": dpt, "glpn": glpn, "zoedepth": zoedepth}
