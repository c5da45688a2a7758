"""Generation: sources, plan, compositing, depth teachers, engines."""

IS_DEPTHMASK = True
