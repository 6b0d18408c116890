"""The words for states, kinds and names that pages of operations show."""

from muniment.api.console.page import Texts


def _under(kind: str, words: Texts) -> Texts:
    return {f"state.{kind}.{name}": said for name, said in words.items()}


STATE_TEXTS: Texts = {
    **_under("step", {
        "deciding": ("Decide", "결정"), "fetching": ("Fetch", "가져오기"), "extracting": ("Read text", "본문 추출"),
        "chunking": ("Cut", "분할"), "embedding": ("Embed", "임베딩"), "indexing": ("Index", "색인"),
        "purging": ("Purge", "정리"), "operating": ("Operate", "운영"), "erasing": ("Erase", "소거"),
        "reembedding": ("Re-embed", "재임베딩"), "projecting": ("Decide on projects", "프로젝트 결정"),
        "generating": ("Generate", "생성"),
    }),
    **_under("lane", {
        "interactive": ("Interactive", "대화형"), "normal": ("Normal", "일반"), "bulk": ("Bulk", "대량"),
    }),
    **_under("job_kind", {
        "submit": ("Upload", "업로드"), "delete": ("Deletion", "삭제"), "cancel": ("Cancellation", "취소"),
        "generate": ("Generation", "생성"),
    }),
    **_under("outcome", {
        "indexed": ("Searchable", "검색 가능"), "unchanged": ("Unchanged", "변경 없음"), "deleted": ("Deleted", "삭제됨"),
        "cancelled": ("Cancelled", "취소됨"), "refused": ("Refused", "거부됨"), "rejected": ("Rejected", "반려됨"),
        "failed": ("Failed", "실패"), "written": ("Written", "작성됨"),
    }),
    **_under("letter", {
        "waiting": ("Waiting", "대기"), "redriving": ("On its way", "재전송 중"), "redriven": ("Redriven", "재전송됨"),
        "failed_again": ("Failed again", "다시 실패"), "discarded": ("Discarded", "폐기됨"),
        "expired": ("Expired", "기한 지남"), "quarantined": ("Quarantined", "격리됨"), "edited": ("Edited", "수정됨"),
    }),
    **_under("category", {
        "permanent": ("Permanent", "영구적"), "transient": ("Transient", "일시적"), "outage": ("Outage", "장애"),
        "document": ("The document itself", "문서 자체"), "infrastructure": ("Infrastructure", "인프라"),
        "unknown": ("Unknown", "알 수 없음"),
    }),
    **_under("redrive", {
        "running": ("Running", "진행 중"), "done": ("Done", "완료"), "stopped": ("Stopped", "중지됨"),
        "canary_failed": ("Trial failed", "시험 전송 실패"),
    }),
    **_under("step_state", {"running": ("Running", "실행 중"), "halted": ("Halted", "멈춤")}),
    **_under("breaker_state", {
        "closed": ("Closed", "닫힘"), "open": ("Open", "열림"), "half_open": ("Trying", "시험 중"),
    }),
    **_under("breaker", {
        "embedding": ("Embedding endpoint", "임베딩 서비스"), "blobs": ("File store", "파일 저장소"),
        "fetching": ("Web addresses", "웹 주소"), "writing": ("Language model", "언어 모델"),
    }),
    **_under("layer", {"memory": ("In memory", "메모리"), "shared": ("Shared", "공유")}),
    **_under(
        "cached",
        {
            "search": ("Search", "검색"),
            "question": ("Vectors of questions", "질문 벡터"),
            "predictions": ("Predictions", "예측"),
        },
    ),
    **_under("switch", {"on": ("On", "켜짐"), "off": ("Off", "꺼짐")}),
    **_under("flag", {
        "durable_worker": (
            "The worker processes run the steps. Off: the API process runs the same steps in the same groups.",
            "워커 프로세스가 단계를 실행합니다. 끄면 API 프로세스가 같은 그룹에서 같은 단계를 실행합니다.",
        ),
        "outbox": (
            "While Kafka is away the API keeps commands in Postgres and sends them on later. Off: it answers 503.",
            "Kafka가 없을 때 API가 명령을 Postgres에 받아 두었다가 나중에 순서대로 보냅니다. 끄면 503으로 응답합니다.",
        ),
    }),
    **_under("operation", {
        "flag": ("Flag set", "플래그 변경"), "halted": ("Step halted", "단계 멈춤"),
        "resumed": ("Step resumed", "단계 재개"), "breaker_opened": ("Breaker opened", "차단기 열림"),
        "breaker_closed": ("Breaker closed", "차단기 닫힘"), "redrive_started": ("Redrive begun", "재전송 시작"),
        "redrive_ended": ("Redrive ended", "재전송 종료"), "discarded": ("Letters discarded", "레코드 폐기"),
        "quarantined": ("Letter quarantined", "레코드 격리"), "edited": ("Letter edited", "레코드 수정"),
        "rejected": ("Rejected", "반려"), "event_skipped": ("Event skipped", "이벤트 건너뜀"),
        "event_unskipped": ("Event taken up again", "이벤트 다시 반영"),
        "replay_accepted": ("Replay accepted", "재생 승인"),
        "read_model_dropped": ("Old read model dropped", "이전 읽기 모델 삭제"),
        "migration_started": ("Migration begun", "모델 이전 시작"),
        "migration_paused": ("Migration paused", "모델 이전 일시 중지"),
        "migration_resumed": ("Migration resumed", "모델 이전 재개"),
        "embeddings_switched": ("Embeddings switched", "임베딩 전환"),
        "embeddings_dropped": ("Embeddings dropped", "임베딩 삭제"),
        "embeddings_compared": ("Embeddings compared", "임베딩 비교"),
    }),
    **_under("rejection", {
        "not_haltable": (
            "This step carries out what operators order, and cannot be halted.",
            "운영자의 요청을 처리하는 단계라서 멈출 수 없습니다.",
        ),
        "step_not_halted": ("The step is not halted.", "멈춘 단계가 아닙니다."),
        "redrive_not_found": ("There is no such redrive.", "그런 재전송이 없습니다."),
        "redrive_ended": ("The redrive has ended already.", "이미 끝난 재전송입니다."),
        "dead_letter_not_found": ("There is no such dead letter.", "그런 실패 레코드가 없습니다."),
        "bad_patch": ("The patch does not fit the record.", "패치가 레코드에 맞지 않습니다."),
        "bad_rate": ("The rate is out of bounds.", "속도가 범위를 벗어났습니다."),
        "bad_canary": ("The trial is out of bounds.", "시험 전송 수가 범위를 벗어났습니다."),
        "bad_selection": ("The selection cannot be read.", "선택 조건을 읽을 수 없습니다."),
        "not_confirmed": ("So many letters have to be confirmed.", "이만큼의 레코드는 확인이 필요합니다."),
        "too_many": ("These are too many at once.", "한 번에 처리하기에 너무 많습니다."),
        "nothing_to_do": ("There was nothing to do.", "할 일이 없었습니다."),
        "reason_missing": ("A reason is missing.", "사유가 없습니다."),
        "unknown_step": ("There is no such step.", "그런 단계가 없습니다."),
        "unknown_flag": ("There is no such flag.", "그런 플래그가 없습니다."),
        "unknown_breaker": ("There is no such breaker.", "그런 차단기가 없습니다."),
    }),
    **_under("selection", {
        "fingerprint": ("Fingerprint", "지문"), "step": ("Step", "단계"), "code": ("Code", "코드"),
        "category": ("Category", "분류"), "status": ("State", "상태"), "document_id": ("Document", "문서"),
        "job_id": ("Job", "작업"), "from": ("From", "시작"), "to": ("To", "끝"),
    }),
    **_under("health", {
        "ok": ("All well", "정상"), "degraded": ("Degraded", "일부 이상"), "failing": ("Failing", "장애"),
        "away": ("away", "응답 없음"),
    }),
    **_under("part", {
        "database": ("Database", "데이터베이스"), "log": ("Log", "로그"), "embeddings": ("Embeddings", "임베딩"),
        "breakers": ("Breakers", "차단기"), "trail": ("Trail", "감사 기록"),
        "audited_topics": ("Audited topics", "감사 대상 토픽"), "outbox": ("Outbox", "임시 보관함"),
        "sealing": ("Log as sealed", "봉인된 로그 상태"),
        "workers": ("Workers", "워커"), "projections": ("Read models", "읽기 모델"),
    }),
    **_under("projection", {
        "starting": ("Starting", "시작하는 중"), "running": ("Follows the log", "로그 반영 중"),
        "waiting_for_database": ("Waits for the database", "데이터베이스 대기"),
        "waiting_for_broker": ("Waits for the broker", "브로커 대기"),
        "waiting_for_keys": ("Waits for lost keys", "잃어버린 열쇠 대기"), "rebuilding": ("Being folded anew", "다시 만드는 중"),
        "stopped": ("Stopped", "중지됨"), "away": ("Does not answer", "응답 없음"),
    }),
    **_under("model", {
        "documents": ("Documents", "문서"), "jobs": ("Jobs", "작업"), "chunks": ("Search", "검색"),
        "dead_letters": ("Dead letters", "실패 레코드"), "operations": ("Operations", "운영 기록"),
        "erasures": ("Erasures", "소거"), "audit": ("Trail", "감사 기록"), "history": ("History", "이력"),
        "projects": ("Projects", "프로젝트"), "scripts": ("Scripts", "스크립트"), "predictions": ("Predictions", "예측"),
    }),
    **_under("range", {
        "hour": ("Hour", "시간"), "day": ("Day", "일"), "week": ("Week", "주"), "month": ("Month", "월"),
        "year": ("Year", "년"),
    }),
    **_under("span", {
        "hour": ("1 minute", "1분"), "day": ("30 minutes", "30분"), "week": ("4 hours", "4시간"),
        "month": ("1 day", "1일"),
    }),
    **_under("chart", {
        "ended": ("Jobs ended", "끝난 작업"), "chunks": ("Passages made searchable", "검색에 추가된 단락"),
        "tokens": ("Tokens", "토큰"), "cost": ("Cost", "비용"), "took": ("From request to end", "요청부터 완료까지"),
    }),
    **_under("series", {
        "succeeded": ("Done", "완료"), "failed": ("Failed", "실패"), "others": ("Refused or cancelled", "거부 또는 취소"),
        "chunks": ("Passages", "단락"), "tokens": ("Tokens", "토큰"), "cost": ("Cost", "비용"),
        "median": ("Half within", "절반 이내"), "slow": ("95 of 100 within", "95% 이내"),
    }),
    **_under("unit", {
        "jobs": ("jobs", "건"), "chunks": ("passages", "단락"), "tokens": ("tokens", "토큰"), "money": ("USD", "USD"),
        "seconds": ("s", "초"), "bytes": ("bytes", "바이트"), "pages": ("pages", "쪽"), "chapters": ("chapters", "장"),
        "blocks": ("blocks", "블록"),
    }),
}  # fmt: skip
