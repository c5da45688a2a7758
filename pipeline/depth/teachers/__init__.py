"""Depth teachers: from a batch of pictures to float32 maps of one kind, unit and range.

    teacher = load_teacher("densedepth", canvas=224, weights=Path("nyu.h5"))
    maps = teacher.predict(pictures)      # uint8 (B, H, W, 3) -> float32 (B, h, w)

A teacher is one module with two functions of a `Choice`: `describe` gives its card,
`load` gives it ready to use. `table` names them; `seam` is what they have in common.

Other rooms use: `card`, `lite`, `seam`, `table`.
"""
