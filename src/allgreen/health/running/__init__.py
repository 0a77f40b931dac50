"""How checks are run: in time, once at a time, and without harm to the program.

`runner` is the way in. `plan` says what a report is about, `dispatch` who waits for what, `places`
where it runs, `procedure` what happens in one run, and `findings` what comes of it.
"""
