"""What everything stands on.

Errors that users read, files that are whole or absent, names and keys, option fields,
checks of values from files. Imports none of our other rooms.

Other rooms use: `canonical_json`, `checks`, `cores`, `errors`, `files`, `formats`, `keys`,
`names`, `option_kinds`, `options`, `retrying`, `scratch`, `size`, `version`.
"""
