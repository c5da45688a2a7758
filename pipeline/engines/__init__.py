"""Where shards run. An engine is one function: `(job, tasks, counters)` -> results as they end.

Engines differ in where processes live; what a task does, and what counts as done, is in job.py.
Tasks carry names, results are records under 1 kB: pixels never travel through a scheduler.
"""
