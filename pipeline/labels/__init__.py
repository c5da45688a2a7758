"""Labels in the formats of other tools.

Run lengths and polygons of an object's pixels, the annotations of COCO, YOLO and Pascal VOC made
of them (a file each, a row in `table`), and the folder they are written to. Reading other tools'
files belongs to `ingest`.

Other rooms use: `formats`, `label_folders`, `polygons`.
"""
