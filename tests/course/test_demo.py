import pytest

from dhcpkit.course.demo import play


def test_the_demonstration_tells_its_story(capsys: pytest.CaptureFixture[str]) -> None:
    assert play(["--wire", "memory", "--speed", "600"]) == 0
    story = capsys.readouterr().out
    for line in (
        "Activate scopes on partner server ... Successful",
        "rebound 10.0.0.11 from 10.0.0.1 for 120 s",
        "enters COMMUNICATIONS-INTERRUPTED",
        "rebound 10.0.0.11 from 10.0.0.1 for 60 s",
        "the same address all along",
    ):
        assert line in story
