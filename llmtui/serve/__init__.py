"""The chat in a browser: a small web server that runs the full-screen program once for every page that is opened.

The page's terminal is textual-serve's; its server is not used. That takes a websocket from any origin, builds a shell line,
and leaves a program whose page is gone standing in the middle of an answer.
"""
