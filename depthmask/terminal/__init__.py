"""What a person sees at a terminal, all of it on stderr or as tables.

Bars, lines now and then, tables, the words of an error. Takes facts as plain values and
works nothing out.

Other rooms use: `bars`, `build_progress`, `console`, `doctor_table`, `scores_table`,
`stats_tables`, `streams`, `training_progress`.
"""
