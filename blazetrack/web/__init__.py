"""The live page: pictures and landmarks in a browser, also of the browser's own camera.

    cli.serve ─ server ─ app ─ viewer ─┬─ broadcast ─ engine   the shared source, one thread
                                       └─ camera ──── engine   a viewer's own, one worker for all

Needs the extra `web`; nothing is imported here, so that its absence can be told in one line.
"""
