"""Words for how a project, an episode or a draft was: English, Korean."""

THEN_TEXTS: dict[str, tuple[str, str]] = {
    "audit.thing.lead": (
        "Move along its life: it is shown as it was after each event.",
        "슬라이더를 움직이면 각 이벤트 직후의 모습을 보여 줍니다.",
    ),
    "audit.thing.none": (
        "At that moment it was not there: not yet, or not any more.",
        "그 시각에는 없었습니다. 아직 없었거나 이미 삭제되었습니다.",
    ),
    "audit.stop.again": ("Look again", "다시 보기"),
}
