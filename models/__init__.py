"""The workshop: networks as readable Keras, the data and recipes that train them, their export.

It may import `blazetrack`; nothing in `blazetrack` imports it. Run it from a checkout.
"""
