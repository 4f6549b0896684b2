"""The live page: images and landmarks in a browser, also of the browser's own camera.

    cli.serve ─ server ─ app ─ viewer ─┬─ source_feeder  ─┬─ session    the shared source
                                       ├─ browser_feeder ─┤             one viewer's camera
                                       └─ run_view       ─┘             a run of the command line

Needs the extra `web`; nothing is imported here, so that a missing extra is one line of text.
"""
