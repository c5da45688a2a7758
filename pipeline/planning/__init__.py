"""Which sample stands where.

The options of a build, the plan made of them, the draws that every value comes from, and
the parts that a plan can be made in. No pixels are touched.

Other rooms use: `data_recipes`, `options`, `parts`, `plan`, `scene`, `scene_fields`, `splits`,
`teacher_fields`.
"""
