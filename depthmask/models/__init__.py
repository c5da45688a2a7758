"""Networks, and the files that hold their weights.

depthmask's own network, the earlier systems (`systems/`), checkpoints. Takes tensors and
gives tensors; knows neither data sets nor losses.

Other rooms use: `build`, `catalogue`, `checkpoint`, `device`, `initial_weights`, `layers`,
`network`, `network_facts`, `network_spec`, `opacity`.
"""
