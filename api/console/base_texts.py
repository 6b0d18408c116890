"""The words of the base: shell, sign-in, states. Those of a section lie beside its pages."""

from muniment.api.console.page import Texts
from muniment.api.console.problem_texts import PROBLEM_TEXTS
from muniment.api.console.why_texts import WHY_TEXTS

_SHELL: Texts = {
    "app.name": ("Muniment", "Muniment"),
    "app.skip": ("Skip to content", "본문으로 건너뛰기"),
    "app.sections": ("Sections", "주요 메뉴"),
    "app.pages": ("Pages of this section", "하위 메뉴"),
    "app.account": ("Account and appearance", "계정과 화면 설정"),
    "app.language": ("Language", "언어"),
    "app.theme": ("Appearance", "화면 모드"),
    "app.theme.auto": ("System", "시스템 설정"),
    "app.theme.light": ("Light", "밝게"),
    "app.theme.dark": ("Dark", "어둡게"),
    "app.tenant": ("Tenant", "테넌트"),
    "app.signed_in_as": ("Signed in as {name}", "{name} 계정으로 로그인함"),
    "app.sign_out": ("Sign out", "로그아웃"),
    "app.version": ("Version {version}", "버전 {version}"),
    "app.close": ("Close", "닫기"),
    "app.cancel": ("Cancel", "취소"),
    "app.confirm": ("Confirm", "확인"),
    "app.newest": ("Back to the start", "처음으로"),
    "app.next": ("Next page", "다음 페이지"),
    "app.pagination": ("Pages of the list", "목록 페이지"),
    "app.filter": ("Apply", "적용"),
    "app.reset": ("Clear filters", "필터 지우기"),
    "app.live": ("Live", "실시간"),
    "app.offline": ("Connection lost, trying again…", "연결 끊김, 다시 연결하는 중…"),
    "app.all": ("All", "전체"),
    "app.as_table": ("Show as a table", "표로 보기"),
    "app.nothing": ("Nothing to show", "표시할 내용이 없습니다"),
    "app.nothing.do": (
        "Your key opens none of the pages here. Ask whoever runs Muniment for a key with more scopes.",
        "이 키로 볼 수 있는 페이지가 없습니다. 운영자에게 권한(scope)이 더 있는 키를 요청하세요.",
    ),
    "section.library": ("Library", "자료실"),
    "section.studio": ("Studio", "스튜디오"),
    "section.operations": ("Operations", "운영"),
    "section.audit": ("Audit", "감사"),
    "done.signed_out": ("You are signed out.", "로그아웃했습니다."),
    "done.session_over": ("Your session has ended. Please sign in again.", "세션이 끝났습니다. 다시 로그인하세요."),
}

_SIGN_IN: Texts = {
    "sign_in.title": ("Sign in", "로그인"),
    "sign_in.lead": (
        "Documents in, answers out, everything on the record.",
        "문서를 넣으면 답이 나오고, 모든 것이 기록됩니다.",
    ),
    "sign_in.key": ("API key", "API 키"),
    "sign_in.key.hint": (
        "It begins with mun_. Whoever runs Muniment makes one with: muniment keys create",
        "mun_으로 시작합니다. 운영자가 muniment keys create 명령으로 만들어 줍니다.",
    ),
    "sign_in.with": ("Continue with {name}", "{name}(으)로 계속하기"),
    "sign_in.or": ("or with a key", "또는 키로 로그인"),
    "sign_in.arrived": ("You are signed in", "로그인했습니다"),
    "sign_in.go_on": ("Go on", "계속하기"),
    "sign_in.stale": (
        "The sign-in took too long, or was begun in another window. Please begin again.",
        "로그인이 너무 오래 걸렸거나 다른 창에서 시작되었습니다. 처음부터 다시 하세요.",
    ),
    "sign_in.refused": (
        "The identity provider did not let you in. Please try again.",
        "인증 제공자가 로그인을 허용하지 않았습니다. 다시 시도하세요.",
    ),
    "sign_in.unknown": (
        "Your account has no role here. Ask whoever runs Muniment.",
        "이 계정에는 권한이 없습니다. 운영자에게 문의하세요.",
    ),
    "sign_in.submit": ("Sign in", "로그인"),
    "sign_in.wrong": (
        "This key is not valid. Check that all of it was copied, and that it was not revoked.",
        "유효하지 않은 키입니다. 빠짐없이 복사했는지, 폐기되지 않았는지 확인하세요.",
    ),
    "sign_in.too_many": (
        "Too many attempts. Wait a minute, then try again.",
        "시도가 너무 많습니다. 1분 뒤에 다시 시도하세요.",
    ),
}

_STATES: Texts = {
    "state.job.queued": ("Queued", "대기"),
    "state.job.running": ("Running", "진행 중"),
    "state.job.waiting_retry": ("Waiting to retry", "재시도 대기"),
    "state.job.succeeded": ("Done", "완료"),
    "state.job.refused": ("Refused", "거부됨"),
    "state.job.rejected": ("Rejected", "반려됨"),
    "state.job.cancelled": ("Cancelled", "취소됨"),
    "state.job.failed": ("Failed", "실패"),
    "state.document.submitted": ("Received", "접수됨"),
    "state.document.extracted": ("Text read", "본문 추출됨"),
    "state.document.chunked": ("Cut", "분할됨"),
    "state.document.indexed": ("Searchable", "검색 가능"),
    "state.document.refused": ("Refused", "거부됨"),
    "state.document.cancelled": ("Cancelled", "취소됨"),
    "state.document.failed": ("Failed", "실패"),
    "state.document.deleted": ("Deleted", "삭제됨"),
}

TEXTS: Texts = {**_SHELL, **_SIGN_IN, **PROBLEM_TEXTS, **_STATES, **WHY_TEXTS}
