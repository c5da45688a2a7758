"""Generation: sources, plan, compositing, depth teachers, engines."""
