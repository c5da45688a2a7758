"""`python -m depthmask` is the `depthmask` command."""

from depthmask.cli import main

main()
