"""The processes of one training: their ranks, what they tell each other, signals to stop.

Knows ranks and tensors, neither networks nor losses.

Other rooms use: `launch`, `ranks`, `stops`.
"""
