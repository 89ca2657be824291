import pytest

from dhcpkit.course.demonstration import DEMONSTRATION, WHEN
from dhcpkit.course.prediction import Prediction


def said(prediction: Prediction) -> str:
    return prediction.children[2].value


def choose(prediction: Prediction, number: int) -> None:
    prediction.children[1].index = number


@pytest.mark.parametrize("question", DEMONSTRATION.questions, ids=lambda question: question.name)
def test_every_answer_is_taken_up(question):
    for number, answer in enumerate(question.answers):
        prediction = Prediction(question)
        choose(prediction, number)
        assert prediction.chosen is answer
        assert said(prediction) == "Kept. Now find out."
        prediction.reveal()
        assert said(prediction).startswith("✔" if answer.right else "✘")
        assert answer.reply.split(".")[0].replace("'", "&#x27;") in said(prediction)


@pytest.mark.parametrize("question", DEMONSTRATION.questions, ids=lambda question: question.name)
def test_one_answer_is_right_and_the_others_have_a_misconception(question):
    assert [answer.right for answer in question.answers].count(True) == 1
    assert all(answer.right != bool(answer.misconception) for answer in question.answers)


def test_without_an_answer_it_says_what_is_so():
    prediction = Prediction(WHEN)
    prediction.reveal()
    assert said(prediction).startswith("It is: <i>At T2")


def test_it_reads_well_without_a_kernel():
    bundle = Prediction(WHEN)._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/plain"].splitlines()[1] == "  ( ) At once"
