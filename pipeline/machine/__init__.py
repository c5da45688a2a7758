"""What this machine gives: threads, processes, memory, devices.

Nothing here knows pictures, plans or data sets.

Other rooms use: `allocator`, `byte_cache`, `counters`, `devices`, `extras`, `gate`,
`guarded_child`, `hangup`, `kept_files`, `precision`, `quiet`, `threads`, `workers`.
"""
