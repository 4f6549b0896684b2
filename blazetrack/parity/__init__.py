"""MediaPipe's own arithmetic to the bit: the nodes of the parity graphs.

Node `mediapipe_NAME` takes the place of `NAME`.
"""
