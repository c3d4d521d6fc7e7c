"""Things that a lesson's page shows, silenced while a submission is graded."""


class Quiet:
    """Whatever a page would show here, in one line of text. Takes any arguments, has any attribute it is asked for."""

    def __init__(self, what="a card"):
        self._what = what

    def __call__(self, *args, **kwargs):
        return self

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return

    def __repr__(self):
        return f"({self._what} is not shown while a submission is graded)"


class Withheld(RuntimeError):
    """A function of the course that answers an exercise which has not been judged yet."""


def withheld(module, name):
    """Stands where module's own `name` will be, once the learner's has been judged; refuses until then."""

    def locked(*args, **kwargs):
        now = module[name]
        if now is locked:
            raise Withheld(
                f"{name} is the course's own answer to an exercise of this lesson. "
                "It is locked away until your own has been judged."
            )
        return now(*args, **kwargs)

    locked.__name__ = locked.__qualname__ = name
    return locked
