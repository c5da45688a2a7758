"""Labels in the forms of others.

Run lengths and polygons of an object's pixels, and from them the annotations of COCO, YOLO and
Pascal VOC. Here are functions of samples, and of arrays; where pictures and labels are written is
the matter of `label_folders`. Nothing is read from others: that is `ingest`.

Other rooms use: nothing yet.
"""
