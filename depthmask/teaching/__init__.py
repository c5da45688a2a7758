"""How the shipped depth weights were made (`depthmask train-teacher`).

Nothing else imports this room.

Other rooms use: `teacher_options`, `teacher_training`.
"""
