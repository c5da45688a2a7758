"""What files of single formats hold, and whether they are whole.

Structure, checksums, pages, colour profiles and deep pixels, one format or trait a file. Bytes come
in, facts and pixels go out: nothing here knows a folder or a role.

Other rooms use: `heif`, `integrity`, `orientation`, `profiles`, `sixteen_bits`,
`structure`, `tiff_pages`.
"""
