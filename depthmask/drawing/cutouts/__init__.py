"""Cut-outs, drawn: cars, people and road signs with soft edges.

Each kind is a function of a generator (`draw_car`, `draw_person`, `draw_sign`) with its tables
beside it: bodies, poses and clothes, plates and letters. `painting` is what all of them are
painted with.

Other rooms use: `cars`, `people`, `people_poses`, `sign_plates`, `signs`.
"""
