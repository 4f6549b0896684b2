"""Networks in Keras, their training data, training, evaluation and export.

Imports `blazetrack` and is never imported by it. Run from a checkout.
"""
