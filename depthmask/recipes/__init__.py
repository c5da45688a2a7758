"""What a training is asked for: options, learning rates, sizes, and the earlier systems' recipes.

No torch: options are checked before anything heavy is imported.

Other rooms use: `earlier_systems`, `network_fields`, `option_file`, `other_names`, `rates`,
`resumption`, `sizes`, `train_options`.
"""
