"""The referral file: a CSV that a force sends, one person and crime a row, in the fields of `Refer`.

A file that is not whole is refused before anything is written: its shape is checked from end to end first. After that
each row stands for itself. A row that cannot be used is rejected and the others go on; a row whose person and crime
are known already is a duplicate, so that a file can be sent again after any interruption.
"""
