"""`python -m depthmask` is the `depthmask` command."""

from depthmask.commands.cli import main

main()
