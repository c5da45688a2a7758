"""Other people's folders, in and out.

Ready composites in plain folders become a data set (`import_folders`), and a data set
becomes plain folders (`export_folders`). Nothing is composited here.

Other rooms use: `export_folders`, `import_folders`.
"""
