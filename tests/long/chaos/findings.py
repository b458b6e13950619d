"""What must not be: the first one ends the run, with all that is known of it."""


class Findings:
    def __init__(self):
        self.lines = []

    def add(self, line):
        self.lines.append(line)

    def unless(self, holds, line):
        """`line` is made only where it is needed."""
        if not holds:
            self.lines.append(line())
