"""The full-screen chat: a front end that draws what a session tells and holds no truth of its own."""
