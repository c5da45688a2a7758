"""Labels in the forms of others.

Run lengths and polygons of an object's pixels, from them the annotations of COCO, YOLO and
Pascal VOC (a file each, a row in `table`), and the folder they are written to. Nothing is read
from others: that is `ingest`.

Other rooms use: `formats`, `label_folders`, `polygons`.
"""
